// Sends on a thread of its own, one after another: what the kernel keeps waiting does not keep the event loop waiting.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace holdfast {

class Outbox {
 public:
  // With a descriptor of its own for the socket of `fd`, and a thread; nullptr with an exception pending.
  static std::unique_ptr<Outbox> Open(Napi::Env env, int fd);

  // What is queued is still sent; the thread then ends by itself.
  ~Outbox();

  // One send(2), in the scheduling class of the calling thread. The promise is settled in the event loop.
  Napi::Promise Send(Napi::Env env, const uint8_t* bytes, size_t length);

 private:
  struct Shared;
  explicit Outbox(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::shared_ptr<Shared> shared_;
};

}  // namespace holdfast
