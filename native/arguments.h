// Checked readers of JavaScript values. Each returns false with a TypeError pending when the value is something else.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast {

// A whole number from `min` to `max`.
bool ReadInteger(const Napi::Value& value, const char* argument, int64_t min, int64_t max, int64_t* out);

// A whole number that fits an int.
bool ReadInt(const Napi::Value& value, const char* argument, int* out);

// Text without NUL bytes, as UTF-8.
bool ReadText(const Napi::Value& value, const char* argument, std::string* out);

// The memory of a Uint8Array. Only valid until JavaScript runs again: read it last, use it at once.
struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};
bool ReadBytes(const Napi::Value& value, const char* argument, Bytes* out);

// A property of an object; false with an exception pending when its getter throws.
bool ReadProperty(const Napi::Object& object, const char* name, Napi::Value* out);

}  // namespace holdfast
