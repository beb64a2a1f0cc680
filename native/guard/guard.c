// holdfast-guard: executes the election's last will.
//
// The election process connects and leaves ready-made bytes: advertisements of priority zero, and netlink requests that
// take its addresses away. It then feeds us. When it is gone, or silent for longer than its limit, everything is sent,
// one line is said, and we end. The guard decides nothing else: it parses no protocol, and allocates nothing.
//
// Messages (one per SOCK_SEQPACKET datagram, numbers in little endian), src/wire/will.ts:
//   1 slot(u16) records…   the will of a slot, in place of what it held; without records it is empty
//   2 limit_us(u32)        how long silence may last; 0: only death counts
//   3                      fed
//   4                      dismissed: end without doing anything
// Record: kind(u8) 0 length(u16) interface(u32) address(16) bytes…, padded to 4
//   kind 1: an IPv4 packet with its header, 2: an IPv6 packet with its header, 3: a request to rtnetlink
// Answer: 'F' when the will has been executed, so that an election that was only stopped learns of it.
//
// stdout: "ready NAME", the abstract name to connect to, then at the end at most one line for people.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 4096, SLOT_BYTES = 65536, HEADER = 4, RECORD = 24, NAME_BYTES = 16 };
enum { SET = 1, LIMIT = 2, FEED = 3, DISMISS = 4 };
enum { IPV4 = 1, IPV6 = 2, NETLINK = 3 };

// above the election, which is at 50 by default
#define PRIORITY 60
#define CONNECT_WITHIN_US 60000000ull

// Untouched pages cost nothing.
static uint8_t will[SLOTS][SLOT_BYTES];
static uint32_t used[SLOTS];
static uint32_t slots_used;
static uint64_t limit_us;

static int ipv4_socket, ipv6_socket, netlink_socket;

static uint64_t now_us(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static uint32_t u32(const uint8_t *at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24; }
static uint32_t u16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }

// What is refused here is refused for good: there is nobody left to ask.
static void send_packet(const uint8_t *record, const uint8_t *bytes, uint32_t length) {
  const int is_v6 = record[0] == IPV6;
  const int fd = is_v6 ? ipv6_socket : ipv4_socket;
  const int interface = (int)u32(record + 4);
  setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, sizeof interface);
  if (is_v6) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)interface};
    memcpy(&to.sin6_addr, record + 8, sizeof to.sin6_addr);
    sendto(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
  } else {
    struct sockaddr_in to = {.sin_family = AF_INET};
    memcpy(&to.sin_addr, record + 8, sizeof to.sin_addr);
    sendto(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
  }
}

static void send_request(const uint8_t *bytes, uint32_t length) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  sendto(netlink_socket, bytes, length, 0, (struct sockaddr *)&kernel, sizeof kernel);
}

// Packets first: what the peer needs to know takes microseconds, and an address is gone only when the kernel says so.
static uint32_t execute(int requests) {
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < SLOTS; slot++) {
    uint32_t at = 0;
    while (used[slot] - at >= RECORD) {
      const uint8_t *record = will[slot] + at;
      const uint32_t length = u16(record + 2);
      const uint32_t padded = (RECORD + length + 3) & ~3u;
      if (padded > used[slot] - at) break;
      if (record[0] == NETLINK && requests) {
        send_request(record + RECORD, length);
        count++;
      } else if (record[0] != NETLINK && !requests) {
        send_packet(record, record + RECORD, length);
        count++;
      }
      at += padded;
    }
  }
  return count;
}

static void finish(int peer, const char *why) {
  const uint32_t packets = execute(0);
  send(peer, "F", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  const uint32_t requests = execute(1);
  char line[160];
  const int length = snprintf(line, sizeof line, "%s: %u advertisements of priority zero sent, addresses withdrawn with %u requests\n",
                              why, packets, requests);
  if (length > 0 && write(STDOUT_FILENO, line, (size_t)length) < 0) {
    // main is gone too
    openlog("holdfast-guard", LOG_PID, LOG_DAEMON);
    syslog(LOG_ERR, "%s", line);
  }
}

// How much of a slot's messages a stranger could leave is bounded by its size; only our own user is let in.
static void handle(const uint8_t *message, size_t length, uint64_t *fed_at, int *dismissed) {
  switch (message[0]) {
    case SET: {
      const uint32_t slot = length >= HEADER ? u16(message + 2) : SLOTS;
      if (slot >= SLOTS) return;
      const uint32_t bytes = (uint32_t)(length - HEADER);
      slots_used += (bytes > 0) - (used[slot] > 0);
      memcpy(will[slot], message + HEADER, bytes);
      used[slot] = bytes;
      return;
    }
    case LIMIT:
      if (length >= 8) limit_us = u32(message + 4);
      *fed_at = now_us();
      return;
    case FEED:
      *fed_at = now_us();
      return;
    case DISMISS:
      *dismissed = 1;
      return;
  }
}

// Returns when the election is gone or silent, with the reason; NULL: dismissed, or it held nothing.
static const char *watch(int peer) {
  static uint8_t message[HEADER + SLOT_BYTES];
  uint64_t fed_at = now_us();
  int dismissed = 0;
  for (;;) {
    const int is_armed = limit_us > 0 && slots_used > 0;
    const uint64_t slice_us = limit_us / 4;
    const uint64_t before = now_us();
    struct pollfd waiting = {.fd = peer, .events = POLLIN};
    const struct timespec slice = {.tv_sec = (time_t)(slice_us / 1000000), .tv_nsec = (long)(slice_us % 1000000 * 1000)};
    ppoll(&waiting, 1, is_armed ? &slice : NULL, NULL);
    // not we: a machine that stood still stood still for the election too
    if (is_armed && now_us() - before > slice_us + limit_us / 4) fed_at = now_us();
    for (;;) {
      const ssize_t length = recv(peer, message, sizeof message, MSG_DONTWAIT);
      if (length > 0) handle(message, (size_t)length, &fed_at, &dismissed);
      if (dismissed) return NULL;
      if (length > 0 || (length < 0 && errno == EINTR)) continue;
      if (length < 0 && errno == EAGAIN) break;
      return slots_used > 0 ? "the election process is gone" : NULL;
    }
    // as it is now: what was just read may have ended the duty
    if (limit_us > 0 && slots_used > 0 && now_us() - fed_at > limit_us) return "the election process is silent";
  }
}

// The one process of our own user that connects; -1 when nobody does.
static int accept_election(int listener) {
  const uint64_t until = now_us() + CONNECT_WITHIN_US;
  for (uint64_t now = now_us(); now < until; now = now_us()) {
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    if (poll(&waiting, 1, (int)((until - now) / 1000) + 1) <= 0) continue;
    const int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct ucred who;
    socklen_t length = sizeof who;
    if (peer < 0) continue;
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && who.uid == geteuid()) return peer;
    close(peer);
  }
  return -1;
}

// An abstract name that the kernel chooses, said on stdout.
static int announce(void) {
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  socklen_t length = sizeof name;
  if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name.sun_family) < 0 || listen(fd, 1) < 0 ||
      getsockname(fd, (struct sockaddr *)&name, &length) < 0) {
    perror("holdfast-guard: cannot listen");
    return -1;
  }
  char text[NAME_BYTES + 16];
  const int written = snprintf(text, sizeof text, "ready %.*s\n", (int)(length - offsetof(struct sockaddr_un, sun_path) - 1),
                               name.sun_path + 1);
  return write(STDOUT_FILENO, text, (size_t)written) == written ? fd : -1;
}

static void prepare(void) {
  // it ends when the election does; what is meant for the agent's whole group is not meant for it
  const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) signal(ignored[i], SIG_IGN);
  const struct sched_param priority = {.sched_priority = PRIORITY};
  sched_setscheduler(0, SCHED_RR, &priority);
  mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    if (write(fd, "-1000", 5) < 0) { /* not permitted: like everybody else */
    }
    close(fd);
  }
  ipv4_socket = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  ipv6_socket = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  netlink_socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int main(void) {
  prepare();
  if (ipv4_socket < 0 || netlink_socket < 0) {
    perror("holdfast-guard: cannot open its sockets");
    return 1;
  }
  const int listener = announce();
  if (listener < 0) return 1;
  const int peer = accept_election(listener);
  close(listener);
  if (peer < 0) return 0;
  const char *why = watch(peer);
  if (why == NULL) return 0;
  finish(peer, why);
  return 3;
}
