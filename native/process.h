// The functions of interface Native in src/io/native.ts that belong to no socket.
#pragma once

#include <napi.h>

namespace holdfast {

void DefineProcessFunctions(Napi::Env env, Napi::Object exports);

}  // namespace holdfast
