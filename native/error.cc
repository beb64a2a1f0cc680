#include "error.h"

#include <uv.h>

#include <string>

namespace holdfast {

Napi::Error SystemError(Napi::Env env, int error, const char* syscall) {
  char code[64];
  char text[128];
  uv_err_name_r(-error, code, sizeof code);
  uv_strerror_r(-error, text, sizeof text);
  Napi::Error exception = Napi::Error::New(env, std::string(syscall) + " " + code + ": " + text);
  exception.Set("errno", Napi::Number::New(env, -error));
  exception.Set("code", Napi::String::New(env, code));
  exception.Set("syscall", Napi::String::New(env, syscall));
  return exception;
}

void ThrowSystemError(Napi::Env env, int error, const char* syscall) {
  SystemError(env, error, syscall).ThrowAsJavaScriptException();
}

void ThrowTypeError(Napi::Env env, const char* argument, const char* expected) {
  Napi::TypeError::New(env, std::string(argument) + " must be " + expected).ThrowAsJavaScriptException();
}

}  // namespace holdfast
