#include "poll.h"

namespace holdfast {

int Poll::Open(Napi::Env env, int fd, Callback callback, void* owner, Poll** slot) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return UV_EINVAL;
  Poll* poll = new Poll(callback, owner, slot);
  if (const int error = uv_poll_init(loop, &poll->handle_, fd); error < 0) {
    delete poll;
    return error;
  }
  poll->handle_.data = poll;
  *slot = poll;
  if (napi_add_async_cleanup_hook(env, OnTeardown, poll, &poll->hook_) != napi_ok) {
    poll->hook_ = nullptr;
    poll->Close();
    return UV_EINVAL;
  }
  return 0;
}

int Poll::Start() { return uv_poll_start(&handle_, UV_READABLE, OnPoll); }

void Poll::Stop() { uv_poll_stop(&handle_); }

void Poll::Close() {
  *slot_ = nullptr;
  owner_ = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    Poll* poll = static_cast<Poll*>(handle->data);
    if (poll->hook_ != nullptr) napi_remove_async_cleanup_hook(poll->hook_);
    delete poll;
  });
}

void Poll::OnPoll(uv_poll_t* handle, int status, int) {
  Poll* poll = static_cast<Poll*>(handle->data);
  // libuv reports POLLERR as a failed poll and stops. The error belongs to whoever reads next (ENOBUFS of netlink,
  // ENETDOWN of a packet socket), and the descriptor goes on afterwards.
  if (status < 0) poll->Start();
  poll->callback_(poll->owner_);
}

void Poll::OnTeardown(napi_async_cleanup_hook_handle, void* self) {
  Poll* poll = static_cast<Poll*>(self);
  // closed already: libuv only owes the callback, and the environment waits for it
  if (poll->owner_ != nullptr) poll->Close();
}

void CallFromLoop(Napi::Env env, const Napi::Object& self, const Napi::Function& function, size_t count,
                  const napi_value* arguments) {
  const napi_status status = napi_make_callback(env, nullptr, self, function, count, arguments, nullptr);
  if (status != napi_pending_exception) return;
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace holdfast
