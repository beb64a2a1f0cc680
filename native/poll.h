// One descriptor on the event loop of its environment, level triggered.
//
// The handle outlives its owner until libuv has closed it: a Poll frees itself. It also leaves in time when the
// environment ends (a worker that is terminated), which is what the asynchronous clean-up hook is for.
#pragma once

#include <napi.h>
#include <uv.h>

namespace holdfast {

class Poll {
 public:
  using Callback = void (*)(void* owner);

  // Puts a new Poll into `*slot`, which is emptied again when the Poll goes. Returns 0 or a negative error of libuv.
  static int Open(Napi::Env env, int fd, Callback callback, void* owner, Poll** slot);

  // Starts calling back while the descriptor is readable or has an error; keeps the loop alive. 0 or a negative error.
  int Start();
  void Stop();

  // Stops for good; the descriptor may be closed at once after this. The Poll is not to be used any more.
  void Close();

  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

 private:
  Poll(Callback callback, void* owner, Poll** slot) : callback_(callback), owner_(owner), slot_(slot) {}
  ~Poll() = default;

  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* self);

  uv_poll_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Callback callback_;
  void* owner_;
  Poll** slot_;
};

// Calls a JavaScript function from the event loop, with its microtasks after it. What it throws goes to
// 'uncaughtException', as from any of Node's own callbacks.
void CallFromLoop(Napi::Env env, const Napi::Object& self, const Napi::Function& function, size_t count = 0,
                  const napi_value* arguments = nullptr);

}  // namespace holdfast
