// class Timer of src/io/native.ts: a timerfd on CLOCK_MONOTONIC, exact where setTimeout has a grid of milliseconds.
#pragma once

#include <napi.h>

#include "poll.h"

namespace holdfast {

class Timer : public Napi::ObjectWrap<Timer> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Timer(callback)
  explicit Timer(const Napi::CallbackInfo& info);
  ~Timer() override;

 private:
  void Set(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void Expire();
  void CloseDescriptor();

  int fd_ = -1;
  Poll* poll_ = nullptr;
  Napi::FunctionReference callback_;
};

}  // namespace holdfast
