// class Socket of src/io/native.ts: any datagram or raw socket of the kernel.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "outbox.h"
#include "poll.h"

namespace holdfast {

class Socket : public Napi::ObjectWrap<Socket> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Socket(domain, type, protocol): socket(2), non-blocking and close-on-exec.
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override;

 private:
  Napi::Value Fd(const Napi::CallbackInfo& info);
  void Bind(const Napi::CallbackInfo& info);
  void Connect(const Napi::CallbackInfo& info);
  Napi::Value Name(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value SendAside(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  void OnReadable(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  bool IsOpen(Napi::Env env, const char* syscall) const;
  void StopReading();
  void CloseDescriptor();

  int fd_ = -1;
  int receive_flags_ = 0;
  Poll* poll_ = nullptr;
  Napi::FunctionReference readable_;  // set while polling; the object keeps itself alive meanwhile
  std::unique_ptr<uint8_t[]> buffer_;
  std::unique_ptr<Outbox> outbox_;  // once something was sent aside
  int64_t empty_at_ = 0;  // when the receive queue was last seen empty: no stamp is older
};

}  // namespace holdfast
