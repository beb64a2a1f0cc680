// A refused system call as a JavaScript exception in Node's shape: message, `code`, `errno` (negative), `syscall`.
#pragma once

#include <napi.h>

namespace holdfast {

// `<syscall> <CODE>: <text>`. `error` is positive, as in errno.
Napi::Error SystemError(Napi::Env env, int error, const char* syscall);

// Leaves it pending in the environment.
void ThrowSystemError(Napi::Env env, int error, const char* syscall);

// Leaves a TypeError pending: "<argument> must be <expected>".
void ThrowTypeError(Napi::Env env, const char* argument, const char* expected);

}  // namespace holdfast
