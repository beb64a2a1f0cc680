#include "inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "arguments.h"
#include "error.h"

namespace holdfast {

Napi::Function Inotify::Define(Napi::Env env) {
  return DefineClass(env, "Inotify",
                     {InstanceMethod<&Inotify::Add>("add"), InstanceMethod<&Inotify::Remove>("remove"),
                      InstanceMethod<&Inotify::Read>("read"), InstanceMethod<&Inotify::Close>("close")});
}

Inotify::Inotify(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Inotify>(info) {
  const Napi::Env env = info.Env();
  if (IsEmpty()) return;  // not wrapped: the environment is ending
  if (!info[0].IsFunction()) {
    ThrowTypeError(env, "callback", "a function");
    return;
  }
  fd_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) {
    ThrowSystemError(env, errno, "inotify_init1");
    return;
  }
  int error = Poll::Open(
      env, fd_, [](void* owner) { static_cast<Inotify*>(owner)->Wake(); }, this, &poll_);
  if (error == 0) error = poll_->Start();
  if (error < 0) {
    ThrowSystemError(env, -error, "poll");
    return;
  }
  callback_ = Napi::Persistent(info[0].As<Napi::Function>());
  Ref();
}

Inotify::~Inotify() { CloseDescriptor(); }

Napi::Value Inotify::Add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  int64_t mask;
  if (!ReadText(info[0], "path", &path) || !ReadInteger(info[1], "mask", 1, UINT32_MAX, &mask)) return Napi::Value();
  // a closed one: EBADF
  const int watch = inotify_add_watch(fd_, path.c_str(), static_cast<uint32_t>(mask));
  if (watch < 0) {
    ThrowSystemError(env, errno, "inotify_add_watch");
    return Napi::Value();
  }
  return Napi::Number::New(env, watch);
}

void Inotify::Remove(const Napi::CallbackInfo& info) {
  int watch;
  if (!ReadInt(info[0], "watch", &watch)) return;
  if (inotify_rm_watch(fd_, watch) < 0) ThrowSystemError(info.Env(), errno, "inotify_rm_watch");
}

Napi::Value Inotify::Read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  alignas(inotify_event) uint8_t buffer[16384];
  const ssize_t length = read(fd_, buffer, sizeof buffer);
  if (length < 0) {
    if (errno != EAGAIN) ThrowSystemError(env, errno, "read");
    return env.Undefined();
  }
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, static_cast<size_t>(length));
  if (bytes.IsEmpty()) return Napi::Value();
  std::memcpy(bytes.Data(), buffer, static_cast<size_t>(length));
  return bytes;
}

void Inotify::Wake() {
  const Napi::HandleScope scope(Env());
  CallFromLoop(Env(), Value(), callback_.Value());
}

void Inotify::Close(const Napi::CallbackInfo&) {
  if (fd_ < 0) return;
  CloseDescriptor();
  callback_.Reset();
  Unref();
}

void Inotify::CloseDescriptor() {
  if (poll_ != nullptr) poll_->Close();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace holdfast
