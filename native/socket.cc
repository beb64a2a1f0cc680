#include "socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "address.h"
#include "arguments.h"
#include "clock.h"
#include "error.h"

namespace holdfast {

namespace {

// A whole netlink dump message (32 KiB) and the longest IP datagram fit.
constexpr size_t kBufferLength = 64 * 1024;
constexpr int64_t kMaxOptionLength = 64 * 1024;

// What the kernel said beside the bytes.
struct Control {
  std::optional<timespec> stamp;
  std::optional<int> hop_limit;
  std::optional<int> interface_index;
  const void* destination = nullptr;
  size_t destination_length = 0;
};

// Marks our objects: unlike methods, accessors may be called on any object of the addon.
constexpr napi_type_tag kSocketTag = {0x68bd4dd1b5a94c3e, 0x9f1c7cf2a0e85d47};

template <typename T>
T ContentOf(const cmsghdr* header) {
  T value;
  memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

// Descriptors that somebody sends to a Unix socket of ours are not wanted and would pile up.
void CloseReceivedDescriptors(const cmsghdr* header) {
  const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    close(fd);
  }
}

Control ReadControl(msghdr* message) {
  Control control;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    const int level = header->cmsg_level;
    const int type = header->cmsg_type;
    if (level == SOL_SOCKET && type == SCM_TIMESTAMPNS) {
      control.stamp = ContentOf<timespec>(header);
    } else if (level == SOL_SOCKET && type == SCM_RIGHTS) {
      CloseReceivedDescriptors(header);
    } else if ((level == IPPROTO_IP && type == IP_TTL) || (level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT)) {
      control.hop_limit = ContentOf<int>(header);
    } else if (level == IPPROTO_IP && type == IP_PKTINFO) {
      control.interface_index = ContentOf<in_pktinfo>(header).ipi_ifindex;
      control.destination = CMSG_DATA(header) + offsetof(in_pktinfo, ipi_addr);
      control.destination_length = sizeof(in_addr);
    } else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
      control.interface_index = static_cast<int>(ContentOf<in6_pktinfo>(header).ipi6_ifindex);
      control.destination = CMSG_DATA(header) + offsetof(in6_pktinfo, ipi6_addr);
      control.destination_length = sizeof(in6_addr);
    }
  }
  return control;
}

Napi::Value NumberOrUndefined(Napi::Env env, const std::optional<int>& number) {
  return number ? Napi::Number::New(env, *number) : env.Undefined();
}

}  // namespace

Napi::Function Socket::Define(Napi::Env env) {
  return DefineClass(env, "Socket",
                     {
                         InstanceAccessor<&Socket::Fd>("fd"),
                         InstanceMethod<&Socket::Bind>("bind"),
                         InstanceMethod<&Socket::Connect>("connect"),
                         InstanceMethod<&Socket::Name>("name"),
                         InstanceMethod<&Socket::SetOption>("setOption"),
                         InstanceMethod<&Socket::GetOption>("getOption"),
                         InstanceMethod<&Socket::Send>("send"),
                         InstanceMethod<&Socket::SendAside>("sendAside"),
                         InstanceMethod<&Socket::Receive>("receive"),
                         InstanceMethod<&Socket::OnReadable>("onReadable"),
                         InstanceMethod<&Socket::Close>("close"),
                     });
}

Socket::Socket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Socket>(info), empty_at_(MonotonicNow()) {
  int domain;
  int type;
  int protocol;
  if (IsEmpty()) return;  // not wrapped: the environment is ending
  if (!ReadInt(info[0], "domain", &domain) || !ReadInt(info[1], "type", &type) ||
      !ReadInt(info[2], "protocol", &protocol)) {
    return;
  }
  fd_ = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd_ < 0) {
    ThrowSystemError(info.Env(), errno, "socket");
    return;
  }
  // descriptors come over Unix sockets only, and packet sockets refuse the flag
  if (domain == AF_UNIX) receive_flags_ = MSG_CMSG_CLOEXEC;
  Value().TypeTag(&kSocketTag);
}

Socket::~Socket() { CloseDescriptor(); }

Napi::Value Socket::Fd(const Napi::CallbackInfo& info) {
  if (!info.This().As<Napi::Object>().CheckTypeTag(&kSocketTag)) {
    ThrowTypeError(info.Env(), "this", "a Socket");
    return Napi::Value();
  }
  return Napi::Number::New(info.Env(), fd_);
}

void Socket::Bind(const Napi::CallbackInfo& info) {
  Address address;
  if (!ReadAddress(info[0], "address", &address) || !IsOpen(info.Env(), "bind")) return;
  if (bind(fd_, &address.any, address.length) < 0) ThrowSystemError(info.Env(), errno, "bind");
}

void Socket::Connect(const Napi::CallbackInfo& info) {
  Address address;
  if (!ReadAddress(info[0], "address", &address) || !IsOpen(info.Env(), "connect")) return;
  if (connect(fd_, &address.any, address.length) < 0) ThrowSystemError(info.Env(), errno, "connect");
}

Napi::Value Socket::Name(const Napi::CallbackInfo& info) {
  Address address;
  if (!IsOpen(info.Env(), "getsockname")) return Napi::Value();
  if (getsockname(fd_, &address.any, &address.length) < 0) {
    ThrowSystemError(info.Env(), errno, "getsockname");
    return Napi::Value();
  }
  const Napi::Value name = WriteAddress(info.Env(), address);
  if (name.IsEmpty()) ThrowSystemError(info.Env(), EAFNOSUPPORT, "getsockname");
  return name;
}

void Socket::SetOption(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int level;
  int option;
  if (!ReadInt(info[0], "level", &level) || !ReadInt(info[1], "option", &option)) return;
  int64_t number;
  int whole;
  std::string text;
  Bytes bytes;
  const void* value;
  size_t length;
  if (info[2].IsNumber()) {
    if (!ReadInteger(info[2], "value", INT_MIN, UINT_MAX, &number)) return;
    whole = static_cast<int>(number);
    value = &whole;
    length = sizeof whole;
  } else if (info[2].IsString()) {
    if (!ReadText(info[2], "value", &text)) return;
    value = text.c_str();
    length = text.size() + 1;
  } else {
    if (!ReadBytes(info[2], "value", &bytes)) return;
    value = bytes.data;
    length = bytes.length;
  }
  if (!IsOpen(env, "setsockopt")) return;
  if (setsockopt(fd_, level, option, value, static_cast<socklen_t>(length)) < 0) {
    ThrowSystemError(env, errno, "setsockopt");
  }
}

Napi::Value Socket::GetOption(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int level;
  int option;
  int64_t capacity;
  if (!ReadInt(info[0], "level", &level) || !ReadInt(info[1], "option", &option) ||
      !ReadInteger(info[2], "length", 0, kMaxOptionLength, &capacity) || !IsOpen(env, "getsockopt")) {
    return Napi::Value();
  }
  std::vector<uint8_t> value(static_cast<size_t>(capacity));
  socklen_t length = static_cast<socklen_t>(capacity);
  if (getsockopt(fd_, level, option, value.data(), &length) < 0) {
    ThrowSystemError(env, errno, "getsockopt");
    return Napi::Value();
  }
  return CopyBytes(env, value.data(), length < value.size() ? length : value.size());
}

Napi::Value Socket::Send(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Address address;
  Bytes bytes;
  const bool connected = info[1].IsUndefined();
  // the address first: its getters may run JavaScript, after which a pointer into the bytes would be stale
  if ((!connected && !ReadAddress(info[1], "to", &address)) || !ReadBytes(info[0], "bytes", &bytes) ||
      !IsOpen(env, "sendto")) {
    return Napi::Value();
  }
  const sockaddr* to = connected ? nullptr : &address.any;
  const ssize_t sent = sendto(fd_, bytes.data, bytes.length, MSG_NOSIGNAL, to, connected ? 0 : address.length);
  if (sent < 0) {
    ThrowSystemError(env, errno, "sendto");
    return Napi::Value();
  }
  return Napi::Number::New(env, static_cast<double>(sent));
}

Napi::Value Socket::SendAside(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Bytes bytes;
  if (!ReadBytes(info[0], "bytes", &bytes) || !IsOpen(env, "send")) return Napi::Value();
  if (!outbox_) outbox_ = Outbox::Open(env, fd_);
  if (!outbox_) return Napi::Value();
  return outbox_->Send(env, bytes.data, bytes.length);
}

Napi::Value Socket::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env, "recvmsg")) return Napi::Value();
  if (!buffer_) buffer_ = std::make_unique<uint8_t[]>(kBufferLength);

  Address from;
  alignas(cmsghdr) uint8_t control_buffer[512];
  iovec vector = {buffer_.get(), kBufferLength};
  msghdr message{};
  message.msg_name = &from.any;
  message.msg_namelen = from.length;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control_buffer;
  message.msg_controllen = sizeof control_buffer;

  const int64_t asked_at = MonotonicNow();
  const ssize_t length = recvmsg(fd_, &message, receive_flags_);
  if (length < 0) {
    const int error = errno;
    if (error != EAGAIN) {
      ThrowSystemError(env, error, "recvmsg");
      return Napi::Value();
    }
    empty_at_ = asked_at;
    return env.Undefined();
  }
  from.length = message.msg_namelen;
  const Control control = ReadControl(&message);
  const int64_t received_at = control.stamp ? MonotonicOf(*control.stamp, empty_at_) : MonotonicNow();
  const Napi::Value sender = WriteAddress(env, from);

  Napi::Object result = Napi::Object::New(env);
  result.Set("bytes", CopyBytes(env, buffer_.get(), static_cast<size_t>(length)));
  result.Set("from", sender.IsEmpty() ? env.Undefined() : sender);
  result.Set("receivedAt", Napi::Number::New(env, static_cast<double>(received_at)));
  result.Set("interfaceIndex", NumberOrUndefined(env, control.interface_index));
  result.Set("destination", control.destination == nullptr
                                ? env.Undefined()
                                : CopyBytes(env, control.destination, control.destination_length));
  result.Set("hopLimit", NumberOrUndefined(env, control.hop_limit));
  result.Set("truncated", Napi::Boolean::New(env, (message.msg_flags & MSG_TRUNC) != 0));
  return result;
}

void Socket::OnReadable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info[0].IsUndefined()) return StopReading();
  if (!info[0].IsFunction()) return ThrowTypeError(env, "callback", "a function or undefined");
  if (!IsOpen(env, "poll")) return;
  if (readable_.IsEmpty()) {
    int error = 0;
    if (poll_ == nullptr) {
      const auto call = [](void* owner) {
        Socket* socket = static_cast<Socket*>(owner);
        const Napi::HandleScope scope(socket->Env());
        CallFromLoop(socket->Env(), socket->Value(), socket->readable_.Value());
      };
      error = Poll::Open(env, fd_, call, this, &poll_);
    }
    if (error == 0) error = poll_->Start();
    if (error < 0) return ThrowSystemError(env, -error, "poll");
    Ref();
  }
  readable_ = Napi::Persistent(info[0].As<Napi::Function>());
}

void Socket::Close(const Napi::CallbackInfo&) {
  StopReading();
  CloseDescriptor();
}

bool Socket::IsOpen(Napi::Env env, const char* syscall) const {
  if (fd_ >= 0) return true;
  ThrowSystemError(env, EBADF, syscall);
  return false;
}

void Socket::StopReading() {
  if (readable_.IsEmpty()) return;
  readable_.Reset();
  if (poll_ != nullptr) poll_->Stop();
  Unref();
}

void Socket::CloseDescriptor() {
  if (poll_ != nullptr) poll_->Close();
  outbox_.reset();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace holdfast
