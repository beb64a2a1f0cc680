// class SignalListener of src/io/native.ts: a signal by its number, for the real-time signals that Node cannot name.
#pragma once

#include <napi.h>
#include <uv.h>

namespace holdfast {

class SignalListener : public Napi::ObjectWrap<SignalListener> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new SignalListener(signal, callback)
  explicit SignalListener(const Napi::CallbackInfo& info);
  ~SignalListener() override;

 private:
  // What libuv knows; frees itself when libuv has closed it.
  struct Handle {
    uv_signal_t signal{};
    napi_async_cleanup_hook_handle hook = nullptr;
    SignalListener* owner = nullptr;
  };

  void Close(const Napi::CallbackInfo& info);
  void Arrive();
  static void CloseHandle(Handle* handle);
  static void OnSignal(uv_signal_t* signal, int number);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* handle);

  Handle* handle_ = nullptr;
  Napi::FunctionReference callback_;
};

}  // namespace holdfast
