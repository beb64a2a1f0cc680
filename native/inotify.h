// class Inotify of src/io/native.ts: an inotify descriptor. fs.watch cannot tell a file that was closed after writing from one
// that is being written.
#pragma once

#include <napi.h>

#include "poll.h"

namespace holdfast {

class Inotify : public Napi::ObjectWrap<Inotify> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Inotify(callback)
  explicit Inotify(const Napi::CallbackInfo& info);
  ~Inotify() override;

 private:
  Napi::Value Add(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  Napi::Value Read(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void Wake();
  void CloseDescriptor();

  int fd_ = -1;
  Poll* poll_ = nullptr;
  Napi::FunctionReference callback_;
};

}  // namespace holdfast
