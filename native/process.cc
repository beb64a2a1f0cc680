#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "arguments.h"
#include "clock.h"
#include "error.h"

namespace holdfast {

namespace {

Napi::Value MonotonicNowFunction(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(MonotonicNow()));
}

// Every thread: one that waits for its turn with a lock in its hands would hold up the others.
void SetScheduler(const Napi::CallbackInfo& info) {
  int policy;
  sched_param parameters{};
  if (!ReadInt(info[0], "policy", &policy) || !ReadInt(info[1], "priority", &parameters.sched_priority)) return;
  DIR* threads = opendir("/proc/self/task");
  if (threads == nullptr) return ThrowSystemError(info.Env(), errno, "opendir");
  int error = 0;
  while (const dirent* entry = readdir(threads)) {
    const pid_t thread = static_cast<pid_t>(std::atoi(entry->d_name));
    if (thread <= 0) continue;
    if (sched_setscheduler(thread, policy, &parameters) < 0 && errno != ESRCH) error = errno;
  }
  closedir(threads);
  if (error != 0) ThrowSystemError(info.Env(), error, "sched_setscheduler");
}

Napi::Value GetScheduler(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  sched_param parameters{};
  const int policy = sched_getscheduler(0);
  if (policy < 0 || sched_getparam(0, &parameters) < 0) {
    ThrowSystemError(env, errno, "sched_getscheduler");
    return Napi::Value();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("policy", Napi::Number::New(env, policy));
  result.Set("priority", Napi::Number::New(env, parameters.sched_priority));
  return result;
}

void LockMemory(const Napi::CallbackInfo& info) {
  // exact in a double; user space ends at 2^47 on x86-64 and at 2^48 or 2^52 on arm64
  constexpr int64_t kMaxAddress = int64_t{1} << 52;
  int64_t start;
  int64_t length;
  if (!ReadInteger(info[0], "start", 0, kMaxAddress, &start)) return;
  if (!ReadInteger(info[1], "length", 0, kMaxAddress, &length)) return;
  if (mlock2(reinterpret_cast<void*>(start), static_cast<size_t>(length), MLOCK_ONFAULT) < 0) {
    ThrowSystemError(info.Env(), errno, "mlock2");
  }
}

Napi::Value InterfaceIndex(const Napi::CallbackInfo& info) {
  std::string name;
  if (!ReadText(info[0], "name", &name)) return Napi::Value();
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) {
    ThrowSystemError(info.Env(), errno, "if_nametoindex");
    return Napi::Value();
  }
  return Napi::Number::New(info.Env(), index);
}

void Unshare(const Napi::CallbackInfo& info) {
  int flags;
  if (!ReadInt(info[0], "flags", &flags)) return;
  if (unshare(flags) < 0) ThrowSystemError(info.Env(), errno, "unshare");
}

void SetNamespace(const Napi::CallbackInfo& info) {
  int fd;
  int type;
  if (!ReadInt(info[0], "fd", &fd) || !ReadInt(info[1], "type", &type)) return;
  if (setns(fd, type) < 0) ThrowSystemError(info.Env(), errno, "setns");
}

void SetParentDeathSignal(const Napi::CallbackInfo& info) {
  int64_t signal;
  if (!ReadInteger(info[0], "signal", 0, 64, &signal)) return;
  if (prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)) < 0) ThrowSystemError(info.Env(), errno, "prctl");
}

void MakeFifo(const Napi::CallbackInfo& info) {
  std::string path;
  int64_t mode;
  if (!ReadText(info[0], "path", &path) || !ReadInteger(info[1], "mode", 0, 07777, &mode)) return;
  if (mkfifo(path.c_str(), static_cast<mode_t>(mode)) < 0) ThrowSystemError(info.Env(), errno, "mkfifo");
}

bool ReadTexts(const Napi::Value& value, const char* argument, std::vector<std::string>* out) {
  if (!value.IsArray()) {
    ThrowTypeError(value.Env(), argument, "an array of strings");
    return false;
  }
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    std::string text;
    if (!ReadText(array.Get(i), argument, &text)) return false;
    out->push_back(text);
  }
  return true;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void Execute(const Napi::CallbackInfo& info) {
  std::string path;
  std::vector<std::string> words;
  std::vector<std::string> environment;
  if (!ReadText(info[0], "path", &path) || !ReadTexts(info[1], "words", &words) ||
      !ReadTexts(info[2], "environment", &environment)) {
    return;
  }
  // Node has marked them as not to be handed on, and the new program would write its log to nowhere
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
  }
  execve(path.c_str(), Pointers(words).data(), Pointers(environment).data());
  ThrowSystemError(info.Env(), errno, "execve");
}

Napi::Value Reap(const Napi::CallbackInfo& info) {
  int pid;
  if (!ReadInt(info[0], "pid", &pid)) return Napi::Value();
  int status;
  pid_t ended;
  do ended = waitpid(pid, &status, WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended < 0 && errno != ECHILD) {
    ThrowSystemError(info.Env(), errno, "waitpid");
    return Napi::Value();
  }
  return Napi::Boolean::New(info.Env(), ended != 0);
}

template <auto function>
void Define(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(env, name));
}

}  // namespace

void DefineProcessFunctions(Napi::Env env, Napi::Object exports) {
  Define<MonotonicNowFunction>(env, exports, "monotonicNow");
  Define<SetScheduler>(env, exports, "setScheduler");
  Define<GetScheduler>(env, exports, "getScheduler");
  Define<LockMemory>(env, exports, "lockMemory");
  Define<InterfaceIndex>(env, exports, "interfaceIndex");
  Define<Unshare>(env, exports, "unshare");
  Define<SetNamespace>(env, exports, "setNamespace");
  Define<SetParentDeathSignal>(env, exports, "setParentDeathSignal");
  Define<MakeFifo>(env, exports, "makeFifo");
  Define<Execute>(env, exports, "execute");
  Define<Reap>(env, exports, "reap");
}

}  // namespace holdfast
