// class Connector of src/io/native.ts: TCP connections that are being made, as many as wanted, behind one epoll descriptor. A
// batch of what has ended costs one call of JavaScript; checks are the reason.
#pragma once

#include <napi.h>

#include <cstdint>
#include <unordered_map>

#include "poll.h"

namespace holdfast {

class Connector : public Napi::ObjectWrap<Connector> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Connector(callback)
  explicit Connector(const Napi::CallbackInfo& info);
  ~Connector() override;

 private:
  struct Attempt {
    int fd;
    bool keeps;
  };

  Napi::Value Start(const Napi::CallbackInfo& info);
  void Cancel(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void Wake();
  void Rest();
  void CloseDescriptors();

  int epoll_ = -1;
  Poll* poll_ = nullptr;
  Napi::FunctionReference callback_;
  std::unordered_map<uint32_t, Attempt> attempts_;
};

}  // namespace holdfast
