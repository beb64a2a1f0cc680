// Socket addresses between JavaScript (SocketAddress in src/io/native.ts) and the C library's structures.
#pragma once

#include <napi.h>
#include <sys/socket.h>

namespace holdfast {

struct Address {
  union {
    sockaddr any;
    sockaddr_storage storage;
  };
  socklen_t length = sizeof(sockaddr_storage);
  Address() : storage() {}
};

// False with a TypeError pending when `value` is not a SocketAddress.
bool ReadAddress(const Napi::Value& value, const char* argument, Address* out);

// A SocketAddress; empty for a family that is not among them, or no address at all (an unnamed sender).
Napi::Value WriteAddress(Napi::Env env, const Address& address);

// A Uint8Array of its own over a copy of the bytes; undefined when the environment is ending.
Napi::Value CopyBytes(Napi::Env env, const void* data, size_t length);

}  // namespace holdfast
