#include "address.h"

#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "arguments.h"
#include "error.h"

namespace holdfast {

namespace {

// The longest hardware address of the kernel (MAX_ADDR_LEN); InfiniBand has 20 bytes where sockaddr_ll declares 8.
constexpr size_t kMaxHardwareAddress = 32;
constexpr size_t kHardwareAddressOffset = offsetof(sockaddr_ll, sll_addr);
constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr int64_t kMaxUint16 = UINT16_MAX;
constexpr int64_t kMaxUint32 = UINT32_MAX;

bool ReadNumber(const Napi::Object& object, const char* name, int64_t min, int64_t max, int64_t* out) {
  Napi::Value value;
  return ReadProperty(object, name, &value) && ReadInteger(value, name, min, max, out);
}

bool ReadInet(const Napi::Object& object, void* address, size_t length, const char* expected, in_port_t* port) {
  int64_t number;
  Napi::Value value;
  Bytes bytes;
  if (!ReadNumber(object, "port", 0, kMaxUint16, &number) || !ReadProperty(object, "address", &value) ||
      !ReadBytes(value, "address", &bytes)) {
    return false;
  }
  if (bytes.length != length) {
    ThrowTypeError(object.Env(), "address", expected);
    return false;
  }
  memcpy(address, bytes.data, length);
  *port = htons(static_cast<uint16_t>(number));
  return true;
}

bool ReadInet4(const Napi::Object& object, Address* out) {
  auto* to = reinterpret_cast<sockaddr_in*>(&out->storage);
  to->sin_family = AF_INET;
  out->length = sizeof *to;
  return ReadInet(object, &to->sin_addr, sizeof to->sin_addr, "4 bytes", &to->sin_port);
}

bool ReadInet6(const Napi::Object& object, Address* out) {
  auto* to = reinterpret_cast<sockaddr_in6*>(&out->storage);
  int64_t scope;
  if (!ReadNumber(object, "scopeId", 0, kMaxUint32, &scope)) return false;
  to->sin6_family = AF_INET6;
  to->sin6_scope_id = static_cast<uint32_t>(scope);
  out->length = sizeof *to;
  return ReadInet(object, &to->sin6_addr, sizeof to->sin6_addr, "16 bytes", &to->sin6_port);
}

bool ReadPacket(const Napi::Object& object, Address* out) {
  auto* to = reinterpret_cast<sockaddr_ll*>(&out->storage);
  int64_t index;
  int64_t protocol;
  Napi::Value hardware;
  Bytes bytes;
  if (!ReadNumber(object, "interfaceIndex", 0, INT32_MAX, &index) ||
      !ReadNumber(object, "protocol", 0, kMaxUint16, &protocol) ||
      !ReadProperty(object, "hardwareAddress", &hardware) || !ReadBytes(hardware, "hardwareAddress", &bytes)) {
    return false;
  }
  if (bytes.length > kMaxHardwareAddress) {
    ThrowTypeError(object.Env(), "hardwareAddress", "at most 32 bytes");
    return false;
  }
  to->sll_family = AF_PACKET;
  to->sll_protocol = htons(static_cast<uint16_t>(protocol));
  to->sll_ifindex = static_cast<int>(index);
  to->sll_halen = static_cast<unsigned char>(bytes.length);
  if (bytes.length > 0) memcpy(reinterpret_cast<char*>(to) + kHardwareAddressOffset, bytes.data, bytes.length);
  const size_t length = kHardwareAddressOffset + bytes.length;
  out->length = static_cast<socklen_t>(length > sizeof *to ? length : sizeof *to);
  return true;
}

bool ReadNetlink(const Napi::Object& object, Address* out) {
  auto* to = reinterpret_cast<sockaddr_nl*>(&out->storage);
  int64_t port;
  int64_t groups;
  if (!ReadNumber(object, "portId", 0, kMaxUint32, &port) || !ReadNumber(object, "groups", 0, kMaxUint32, &groups)) {
    return false;
  }
  to->nl_family = AF_NETLINK;
  to->nl_pid = static_cast<uint32_t>(port);
  to->nl_groups = static_cast<uint32_t>(groups);
  out->length = sizeof *to;
  return true;
}

// "" is the unnamed address, "\0name" the abstract namespace, anything else a path with its final NUL.
bool ReadUnix(const Napi::Object& object, Address* out) {
  auto* to = reinterpret_cast<sockaddr_un*>(&out->storage);
  Napi::Value value;
  if (!ReadProperty(object, "path", &value)) return false;
  std::string path = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  const bool abstract = !path.empty() && path[0] == '\0';
  const size_t capacity = sizeof to->sun_path - (abstract ? 0 : 1);
  if (!value.IsString() || path.size() > capacity || (!abstract && path.find('\0') != std::string::npos)) {
    ThrowTypeError(object.Env(), "path", "a string of at most 107 bytes");
    return false;
  }
  to->sun_family = AF_UNIX;
  if (!path.empty()) memcpy(to->sun_path, path.data(), path.size());
  out->length = static_cast<socklen_t>(kPathOffset + path.size() + (path.empty() || abstract ? 0 : 1));
  return true;
}

Napi::Object NewAddress(Napi::Env env, const char* family) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("family", Napi::String::New(env, family));
  return object;
}

}  // namespace

bool ReadAddress(const Napi::Value& value, const char* argument, Address* out) {
  if (!value.IsObject()) {
    ThrowTypeError(value.Env(), argument, "a socket address");
    return false;
  }
  const Napi::Object object = value.As<Napi::Object>();
  Napi::Value family;
  if (!ReadProperty(object, "family", &family)) return false;
  const std::string name = family.IsString() ? family.As<Napi::String>().Utf8Value() : std::string();
  if (name == "inet") return ReadInet4(object, out);
  if (name == "inet6") return ReadInet6(object, out);
  if (name == "packet") return ReadPacket(object, out);
  if (name == "netlink") return ReadNetlink(object, out);
  if (name == "unix") return ReadUnix(object, out);
  ThrowTypeError(value.Env(), "family", "'inet', 'inet6', 'packet', 'netlink' or 'unix'");
  return false;
}

Napi::Value CopyBytes(Napi::Env env, const void* data, size_t length) {
  void* copy = nullptr;
  napi_value buffer;
  napi_value bytes;
  if (napi_create_arraybuffer(env, length, &copy, &buffer) != napi_ok) return env.Undefined();
  if (length > 0) memcpy(copy, data, length);
  if (napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &bytes) != napi_ok) return env.Undefined();
  return Napi::Value(env, bytes);
}

Napi::Value WriteAddress(Napi::Env env, const Address& address) {
  if (address.length < sizeof(sa_family_t)) return Napi::Value();
  switch (address.any.sa_family) {
    case AF_INET: {
      const auto* from = reinterpret_cast<const sockaddr_in*>(&address.storage);
      Napi::Object object = NewAddress(env, "inet");
      object.Set("address", CopyBytes(env, &from->sin_addr, sizeof from->sin_addr));
      object.Set("port", Napi::Number::New(env, ntohs(from->sin_port)));
      return object;
    }
    case AF_INET6: {
      const auto* from = reinterpret_cast<const sockaddr_in6*>(&address.storage);
      Napi::Object object = NewAddress(env, "inet6");
      object.Set("address", CopyBytes(env, &from->sin6_addr, sizeof from->sin6_addr));
      object.Set("port", Napi::Number::New(env, ntohs(from->sin6_port)));
      object.Set("scopeId", Napi::Number::New(env, from->sin6_scope_id));
      return object;
    }
    case AF_PACKET: {
      const auto* from = reinterpret_cast<const sockaddr_ll*>(&address.storage);
      const size_t length = from->sll_halen < kMaxHardwareAddress ? from->sll_halen : kMaxHardwareAddress;
      Napi::Object object = NewAddress(env, "packet");
      object.Set("interfaceIndex", Napi::Number::New(env, from->sll_ifindex));
      object.Set("protocol", Napi::Number::New(env, ntohs(from->sll_protocol)));
      object.Set("hardwareAddress",
                 CopyBytes(env, reinterpret_cast<const char*>(from) + kHardwareAddressOffset, length));
      return object;
    }
    case AF_NETLINK: {
      const auto* from = reinterpret_cast<const sockaddr_nl*>(&address.storage);
      Napi::Object object = NewAddress(env, "netlink");
      object.Set("portId", Napi::Number::New(env, from->nl_pid));
      object.Set("groups", Napi::Number::New(env, from->nl_groups));
      return object;
    }
    case AF_UNIX: {
      const auto* from = reinterpret_cast<const sockaddr_un*>(&address.storage);
      size_t length = address.length > kPathOffset ? address.length - kPathOffset : 0;
      if (length > 0 && from->sun_path[0] != '\0') length = strnlen(from->sun_path, length);
      Napi::Object object = NewAddress(env, "unix");
      object.Set("path", Napi::String::New(env, from->sun_path, length));
      return object;
    }
    default:
      return Napi::Value();
  }
}

}  // namespace holdfast
