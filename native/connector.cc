#include "connector.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "address.h"
#include "arguments.h"
#include "error.h"

namespace holdfast {

namespace {

constexpr int kBatch = 256;
// id, error, descriptor
constexpr size_t kNumbersEach = 3;

// How an attempt is made besides where to.
struct Options {
  bool binds = false;
  Address from;
  std::string interface;
  uint32_t mark = 0;
  bool keeps = false;
};

bool ReadOptions(const Napi::Value& value, Options* out) {
  if (value.IsUndefined()) return true;
  if (!value.IsObject()) {
    ThrowTypeError(value.Env(), "options", "an object");
    return false;
  }
  const Napi::Object object = value.As<Napi::Object>();
  Napi::Value from;
  Napi::Value interface;
  Napi::Value mark;
  Napi::Value keep;
  int64_t number = 0;
  if (!ReadProperty(object, "from", &from) || !ReadProperty(object, "interface", &interface) ||
      !ReadProperty(object, "mark", &mark) || !ReadProperty(object, "keep", &keep)) {
    return false;
  }
  out->binds = !from.IsUndefined();
  if (out->binds && !ReadAddress(from, "from", &out->from)) return false;
  if (!interface.IsUndefined() && !ReadText(interface, "interface", &out->interface)) return false;
  if (!mark.IsUndefined() && !ReadInteger(mark, "mark", 0, UINT32_MAX, &number)) return false;
  out->mark = static_cast<uint32_t>(number);
  out->keeps = keep.ToBoolean().Value();
  return true;
}

// 0 or an error of the kernel. A connection that is not kept ends with a reset, so that checks leave no TIME_WAIT behind.
int Begin(int fd, const Address& to, const Options& options) {
  const linger reset = {1, 0};
  const int yes = 1;
  if (!options.keeps && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) < 0) return errno;
  if (options.mark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &options.mark, sizeof options.mark) < 0) return errno;
  if (!options.interface.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                                               static_cast<socklen_t>(options.interface.size() + 1)) < 0) {
    return errno;
  }
  if (options.binds && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
                        bind(fd, &options.from.any, options.from.length) < 0)) {
    return errno;
  }
  if (connect(fd, &to.any, to.length) < 0 && errno != EINPROGRESS) return errno;
  return 0;
}

// TCP lets a socket be its own peer (RFC 9293 section 3.5, simultaneous open): nobody listens there.
bool IsItsOwnPeer(int fd) {
  Address own;
  Address peer;
  return getsockname(fd, &own.any, &own.length) == 0 && getpeername(fd, &peer.any, &peer.length) == 0 &&
         own.length == peer.length && memcmp(&own.storage, &peer.storage, own.length) == 0;
}

int ErrorOf(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
  return error == 0 && IsItsOwnPeer(fd) ? ECONNREFUSED : error;
}

}  // namespace

Napi::Function Connector::Define(Napi::Env env) {
  return DefineClass(env, "Connector",
                     {InstanceMethod<&Connector::Start>("start"), InstanceMethod<&Connector::Cancel>("cancel"),
                      InstanceMethod<&Connector::Close>("close")});
}

Connector::Connector(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Connector>(info) {
  const Napi::Env env = info.Env();
  if (IsEmpty()) return;  // not wrapped: the environment is ending
  if (!info[0].IsFunction()) {
    ThrowTypeError(env, "callback", "a function");
    return;
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    ThrowSystemError(env, errno, "epoll_create1");
    return;
  }
  const int error = Poll::Open(
      env, epoll_, [](void* owner) { static_cast<Connector*>(owner)->Wake(); }, this, &poll_);
  if (error < 0) {
    ThrowSystemError(env, -error, "poll");
    return;
  }
  callback_ = Napi::Persistent(info[0].As<Napi::Function>());
}

Connector::~Connector() { CloseDescriptors(); }

Napi::Value Connector::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int64_t id;
  Address to;
  Options options;
  if (!ReadInteger(info[0], "id", 0, UINT32_MAX, &id) || !ReadAddress(info[1], "to", &to) ||
      !ReadOptions(info[2], &options)) {
    return Napi::Value();
  }
  const uint32_t key = static_cast<uint32_t>(id);
  if (poll_ == nullptr || attempts_.count(key) != 0) {
    ThrowSystemError(env, poll_ == nullptr ? EBADF : EEXIST, "connect");
    return Napi::Value();
  }
  const int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return Napi::Number::New(env, errno);
  int error = Begin(fd, to, options);
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  event.data.u32 = key;
  if (error == 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) error = errno;
  if (error == 0 && attempts_.empty()) {
    error = -poll_->Start();
    if (error == 0) Ref();
  }
  if (error != 0) {
    close(fd);
    return Napi::Number::New(env, error);
  }
  attempts_.emplace(key, Attempt{fd, options.keeps});
  return Napi::Number::New(env, 0);
}

void Connector::Cancel(const Napi::CallbackInfo& info) {
  int64_t id;
  if (!ReadInteger(info[0], "id", 0, UINT32_MAX, &id)) return;
  const auto found = attempts_.find(static_cast<uint32_t>(id));
  if (found == attempts_.end()) return;
  close(found->second.fd);
  attempts_.erase(found);
  Rest();
}

void Connector::Wake() {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  epoll_event events[kBatch];
  const int count = epoll_wait(epoll_, events, kBatch, 0);
  if (count <= 0) return;
  Napi::Int32Array ended = Napi::Int32Array::New(env, static_cast<size_t>(count) * kNumbersEach);
  if (ended.IsEmpty()) return;
  int32_t* next = ended.Data();
  for (int i = 0; i < count; i++) {
    const uint32_t key = events[i].data.u32;
    const auto found = attempts_.find(key);
    const Attempt attempt = found->second;
    attempts_.erase(found);
    const int error = ErrorOf(attempt.fd);
    const bool isHandedOver = attempt.keeps && error == 0;
    if (isHandedOver) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, attempt.fd, nullptr);
    } else {
      close(attempt.fd);
    }
    *next++ = static_cast<int32_t>(key);
    *next++ = error;
    *next++ = isHandedOver ? attempt.fd : -1;
  }
  const Napi::Object self = Value();
  const Napi::Function callback = callback_.Value();
  Rest();
  napi_value argument = ended;
  CallFromLoop(env, self, callback, 1, &argument);
}

// Nothing is on its way: neither the loop nor the garbage collector has to keep this.
void Connector::Rest() {
  if (!attempts_.empty() || poll_ == nullptr) return;
  poll_->Stop();
  Unref();
}

void Connector::Close(const Napi::CallbackInfo&) {
  if (epoll_ < 0) return;
  const bool waits = !attempts_.empty();
  CloseDescriptors();
  callback_.Reset();
  if (waits) Unref();
}

void Connector::CloseDescriptors() {
  if (poll_ != nullptr) poll_->Close();
  for (const auto& [id, attempt] : attempts_) close(attempt.fd);
  attempts_.clear();
  if (epoll_ >= 0) close(epoll_);
  epoll_ = -1;
}

}  // namespace holdfast
