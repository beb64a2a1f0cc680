// What the addon exports: interface Native of src/io/native.ts. No global state: every environment (main thread, worker) has its own.
#include <napi.h>

#include "connector.h"
#include "inotify.h"
#include "process.h"
#include "signal.h"
#include "socket.h"
#include "timer.h"

namespace holdfast {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Connector", Connector::Define(env));
  exports.Set("Inotify", Inotify::Define(env));
  exports.Set("SignalListener", SignalListener::Define(env));
  exports.Set("Socket", Socket::Define(env));
  exports.Set("Timer", Timer::Define(env));
  DefineProcessFunctions(env, exports);
  return exports;
}

NODE_API_MODULE(holdfast, Init)

}  // namespace holdfast
