#include "arguments.h"

#include <climits>
#include <cmath>

#include "error.h"

namespace holdfast {

bool ReadInteger(const Napi::Value& value, const char* argument, int64_t min, int64_t max, int64_t* out) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (std::trunc(number) == number && number >= static_cast<double>(min) && number <= static_cast<double>(max)) {
      *out = static_cast<int64_t>(number);
      return true;
    }
  }
  const std::string expected = "an integer from " + std::to_string(min) + " to " + std::to_string(max);
  ThrowTypeError(value.Env(), argument, expected.c_str());
  return false;
}

bool ReadInt(const Napi::Value& value, const char* argument, int* out) {
  int64_t number;
  if (!ReadInteger(value, argument, INT_MIN, INT_MAX, &number)) return false;
  *out = static_cast<int>(number);
  return true;
}

bool ReadText(const Napi::Value& value, const char* argument, std::string* out) {
  if (value.IsString()) {
    *out = value.As<Napi::String>().Utf8Value();
    if (value.Env().IsExceptionPending()) return false;
    if (out->find('\0') == std::string::npos) return true;
  }
  ThrowTypeError(value.Env(), argument, "a string without NUL bytes");
  return false;
}

bool ReadBytes(const Napi::Value& value, const char* argument, Bytes* out) {
  if (value.IsTypedArray()) {
    napi_typedarray_type type;
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) == napi_ok &&
        type == napi_uint8_array) {
      *out = {static_cast<uint8_t*>(data), data == nullptr ? 0 : length};
      return true;
    }
  }
  ThrowTypeError(value.Env(), argument, "a Uint8Array");
  return false;
}

bool ReadProperty(const Napi::Object& object, const char* name, Napi::Value* out) {
  napi_value value;
  if (napi_get_named_property(object.Env(), object, name, &value) != napi_ok) {
    if (!object.Env().IsExceptionPending()) ThrowTypeError(object.Env(), name, "readable");
    return false;
  }
  *out = Napi::Value(object.Env(), value);
  return true;
}

}  // namespace holdfast
