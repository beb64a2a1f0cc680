#include "signal.h"

#include "arguments.h"
#include "error.h"
#include "poll.h"

namespace holdfast {

Napi::Function SignalListener::Define(Napi::Env env) {
  return DefineClass(env, "SignalListener", {InstanceMethod<&SignalListener::Close>("close")});
}

SignalListener::SignalListener(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SignalListener>(info) {
  const Napi::Env env = info.Env();
  if (IsEmpty()) return;  // not wrapped: the environment is ending
  int64_t number;
  if (!ReadInteger(info[0], "signal", 1, 64, &number)) return;
  if (!info[1].IsFunction()) {
    ThrowTypeError(env, "callback", "a function");
    return;
  }
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    ThrowSystemError(env, -UV_EINVAL, "uv_signal_init");
    return;
  }
  Handle* handle = new Handle;
  if (const int error = uv_signal_init(loop, &handle->signal); error < 0) {
    delete handle;
    ThrowSystemError(env, -error, "uv_signal_init");
    return;
  }
  handle->signal.data = handle;
  if (const int error = uv_signal_start(&handle->signal, OnSignal, static_cast<int>(number)); error < 0) {
    CloseHandle(handle);
    ThrowSystemError(env, -error, "sigaction");
    return;
  }
  // to be told is no reason to stay
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->signal));
  if (napi_add_async_cleanup_hook(env, OnTeardown, handle, &handle->hook) != napi_ok) {
    handle->hook = nullptr;
    CloseHandle(handle);
    ThrowSystemError(env, -UV_EINVAL, "uv_signal_init");
    return;
  }
  handle->owner = this;
  handle_ = handle;
  callback_ = Napi::Persistent(info[1].As<Napi::Function>());
  Ref();
}

SignalListener::~SignalListener() {
  if (handle_ != nullptr) CloseHandle(handle_);
}

void SignalListener::Close(const Napi::CallbackInfo&) {
  if (handle_ == nullptr) return;
  CloseHandle(handle_);
  callback_.Reset();
  Unref();
}

void SignalListener::Arrive() {
  const Napi::HandleScope scope(Env());
  CallFromLoop(Env(), Value(), callback_.Value());
}

void SignalListener::CloseHandle(Handle* handle) {
  if (handle->owner != nullptr) handle->owner->handle_ = nullptr;
  handle->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->signal), [](uv_handle_t* closed) {
    Handle* self = static_cast<Handle*>(closed->data);
    if (self->hook != nullptr) napi_remove_async_cleanup_hook(self->hook);
    delete self;
  });
}

void SignalListener::OnSignal(uv_signal_t* signal, int) {
  const Handle* handle = static_cast<Handle*>(signal->data);
  if (handle->owner != nullptr) handle->owner->Arrive();
}

void SignalListener::OnTeardown(napi_async_cleanup_hook_handle, void* data) {
  Handle* handle = static_cast<Handle*>(data);
  // closed already: libuv only owes the callback, and the environment waits for it
  if (handle->owner != nullptr) CloseHandle(handle);
}

}  // namespace holdfast
