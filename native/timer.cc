#include "timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdint>

#include "error.h"

namespace holdfast {

namespace {

constexpr double kMaxInstant = 9007199254740991;  // Number.MAX_SAFE_INTEGER

}  // namespace

Napi::Function Timer::Define(Napi::Env env) {
  return DefineClass(env, "Timer", {InstanceMethod<&Timer::Set>("set"), InstanceMethod<&Timer::Close>("close")});
}

Timer::Timer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Timer>(info) {
  const Napi::Env env = info.Env();
  if (IsEmpty()) return;  // not wrapped: the environment is ending
  if (!info[0].IsFunction()) {
    ThrowTypeError(env, "callback", "a function");
    return;
  }
  fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd_ < 0) {
    ThrowSystemError(env, errno, "timerfd_create");
    return;
  }
  int error = Poll::Open(
      env, fd_, [](void* owner) { static_cast<Timer*>(owner)->Expire(); }, this, &poll_);
  if (error == 0) error = poll_->Start();
  if (error < 0) {
    ThrowSystemError(env, -error, "poll");
    return;
  }
  callback_ = Napi::Persistent(info[0].As<Napi::Function>());
  Ref();
}

Timer::~Timer() { CloseDescriptor(); }

void Timer::Set(const Napi::CallbackInfo& info) {
  itimerspec setting{};
  if (!info[0].IsUndefined()) {
    const double at = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : std::nan("");
    if (!(std::fabs(at) <= kMaxInstant)) return ThrowTypeError(info.Env(), "at", "a time in microseconds or undefined");
    if (fd_ < 0) return ThrowSystemError(info.Env(), EBADF, "timerfd_settime");
    // rounded up, so that the clock has reached `at` when the callback runs; zero would disarm
    const int64_t microseconds = at < 1 ? 1 : static_cast<int64_t>(std::ceil(at));
    setting.it_value.tv_sec = microseconds / 1000000;
    setting.it_value.tv_nsec = microseconds % 1000000 * 1000;
  }
  if (fd_ >= 0 && timerfd_settime(fd_, TFD_TIMER_ABSTIME, &setting, nullptr) < 0) {
    ThrowSystemError(info.Env(), errno, "timerfd_settime");
  }
}

void Timer::Expire() {
  uint64_t expirations;
  // nothing to read: it was set anew between the wake-up and now
  if (read(fd_, &expirations, sizeof expirations) != sizeof expirations) return;
  const Napi::HandleScope scope(Env());
  CallFromLoop(Env(), Value(), callback_.Value());
}

void Timer::Close(const Napi::CallbackInfo&) {
  if (fd_ < 0) return;
  CloseDescriptor();
  callback_.Reset();
  Unref();
}

void Timer::CloseDescriptor() {
  if (poll_ != nullptr) poll_->Close();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace holdfast
