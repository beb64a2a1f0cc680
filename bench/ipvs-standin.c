/*
 * A stand-in for the kernel's IPVS, loaded into a program with LD_PRELOAD: its generic netlink sockets talk to a table in the
 * program's own memory instead of to the kernel. For measuring agents on a kernel that has no IPVS: what it takes and
 * answers is what Linux takes and answers (linux/ip_vs.h), as fast as a hash table is.
 *
 * The file in IPVS_STANDIN_COUNTS, if there is that variable, holds struct counts while the program runs. With
 * IPVS_STANDIN_WATCHES it stands for nothing: the kernel has an IPVS, and commands are only counted on their way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FAMILY_ID 0x20
#define FD_MAX 4096
#define SLOTS 65536
#define REPLY_MAX 32768

/* Commands that changed something, and when the last one did: CLOCK_MONOTONIC, nanoseconds. */
struct counts {
  uint64_t services, destinations, changes, removals, last_at, first_at;
};

struct blob {
  uint16_t length;
  unsigned char bytes[];
};

struct destination {
  struct destination *next;
  unsigned char key[18];
  struct blob *values;
};

struct service {
  struct service *next, *in_slot;
  unsigned char key[24];
  struct blob *values;
  struct destination *destinations;
};

static struct service *all, *slots[SLOTS];
/* The other ends of the sockets that were handed out, plus one. */
static int other_end[FD_MAX];
/* Sockets whose commands are counted only. */
static unsigned char watched[FD_MAX];
static struct counts *counts, nowhere;

/* Looked up once: it is called for every socket of whoever is measured. */
#define REAL(name) \
  ({ \
    static __typeof__(name) *real; \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
    real; \
  })

static int is_ours(int fd) { return fd >= 0 && fd < FD_MAX && other_end[fd] != 0; }

static void count(uint64_t *which) {
  if (counts == NULL) {
    counts = &nowhere;
    const char *path = getenv("IPVS_STANDIN_COUNTS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && ftruncate(fd, sizeof *counts) == 0) {
      void *map = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (map != MAP_FAILED) counts = map;
    }
    if (fd >= 0) close(fd);
  }
  /* `which` is a place in nowhere: the same place in counts is meant */
  uint64_t *place = (uint64_t *)((char *)counts + ((char *)which - (char *)&nowhere));
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  counts->last_at = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  if (counts->first_at == 0) counts->first_at = counts->last_at;
  ++*place;
}

static struct nlattr *attribute(void *start, int length, int type) {
  for (struct nlattr *at = start; length >= NLA_HDRLEN && at->nla_len >= NLA_HDRLEN && at->nla_len <= length;) {
    if ((at->nla_type & NLA_TYPE_MASK) == type) return at;
    length -= NLA_ALIGN(at->nla_len);
    at = (struct nlattr *)((char *)at + NLA_ALIGN(at->nla_len));
  }
  return NULL;
}

static void *value(struct nlattr *nest, int type) {
  struct nlattr *found =
      nest == NULL ? NULL : attribute((char *)nest + NLA_HDRLEN, nest->nla_len - NLA_HDRLEN, type);
  return found == NULL ? NULL : (char *)found + NLA_HDRLEN;
}

static struct blob *keep(struct nlattr *nest) {
  uint16_t length = (uint16_t)(nest->nla_len - NLA_HDRLEN);
  struct blob *blob = malloc(sizeof *blob + length);
  blob->length = length;
  memcpy(blob->bytes, (char *)nest + NLA_HDRLEN, length);
  return blob;
}

/* What a service is known by: family, and mark or protocol, address and port. */
static void service_key(struct nlattr *nest, unsigned char key[24]) {
  static const struct { int type, length, at; } parts[] = {{IPVS_SVC_ATTR_AF, 2, 0},
                                                            {IPVS_SVC_ATTR_FWMARK, 4, 4},
                                                            {IPVS_SVC_ATTR_PROTOCOL, 1, 2},
                                                            {IPVS_SVC_ATTR_ADDR, 16, 4},
                                                            {IPVS_SVC_ATTR_PORT, 2, 20}};
  memset(key, 0, 24);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    void *part = value(nest, parts[i].type);
    if (part != NULL) memcpy(key + parts[i].at, part, (size_t)parts[i].length);
  }
}

static struct service **slot_of(const unsigned char key[24]) {
  uint32_t hash = 2166136261u;
  for (int i = 0; i < 24; i++) hash = (hash ^ key[i]) * 16777619u;
  return &slots[hash % SLOTS];
}

static struct service *find_service(const unsigned char key[24]) {
  for (struct service *at = *slot_of(key); at != NULL; at = at->in_slot)
    if (memcmp(at->key, key, 24) == 0) return at;
  return NULL;
}

static void destination_key(struct nlattr *nest, unsigned char key[18]) {
  void *address = value(nest, IPVS_DEST_ATTR_ADDR), *port = value(nest, IPVS_DEST_ATTR_PORT);
  memset(key, 0, 18);
  if (address != NULL) memcpy(key, address, 16);
  if (port != NULL) memcpy(key + 16, port, 2);
}

static struct destination **find_destination(struct service *service, const unsigned char key[18]) {
  struct destination **at = &service->destinations;
  while (*at != NULL && memcmp((*at)->key, key, 18) != 0) at = &(*at)->next;
  return at;
}

static void forget_destinations(struct service *service) {
  while (service->destinations != NULL) {
    struct destination *next = service->destinations->next;
    free(service->destinations->values);
    free(service->destinations);
    service->destinations = next;
  }
}

static void forget_service(struct service *service) {
  forget_destinations(service);
  struct service **at = &all;
  while (*at != service) at = &(*at)->next;
  *at = service->next;
  at = slot_of(service->key);
  while (*at != service) at = &(*at)->in_slot;
  *at = service->in_slot;
  free(service->values);
  free(service);
}

static int change_service(int command, struct nlattr *nest) {
  unsigned char key[24];
  service_key(nest, key);
  struct service *service = find_service(key);
  if (command == IPVS_CMD_NEW_SERVICE) {
    if (service != NULL) return EEXIST;
    service = calloc(1, sizeof *service);
    memcpy(service->key, key, 24);
    service->values = keep(nest);
    service->next = all;
    all = service;
    struct service **slot = slot_of(key);
    service->in_slot = *slot;
    *slot = service;
    count(&nowhere.services);
    return 0;
  }
  if (service == NULL) return ESRCH;
  if (command == IPVS_CMD_DEL_SERVICE) {
    forget_service(service);
    count(&nowhere.removals);
    return 0;
  }
  free(service->values);
  service->values = keep(nest);
  count(&nowhere.changes);
  return 0;
}

static int change_destination(int command, struct nlattr *of, struct nlattr *nest) {
  unsigned char key[24], destination[18];
  service_key(of, key);
  destination_key(nest, destination);
  struct service *service = find_service(key);
  if (service == NULL) return ESRCH;
  struct destination **at = find_destination(service, destination);
  if (command == IPVS_CMD_NEW_DEST) {
    if (*at != NULL) return EEXIST;
    struct destination *fresh = calloc(1, sizeof *fresh);
    memcpy(fresh->key, destination, 18);
    fresh->values = keep(nest);
    fresh->next = service->destinations;
    service->destinations = fresh;
    count(&nowhere.destinations);
    return 0;
  }
  if (*at == NULL) return ENOENT;
  if (command == IPVS_CMD_DEL_DEST) {
    struct destination *gone = *at;
    *at = gone->next;
    free(gone->values);
    free(gone);
    count(&nowhere.removals);
    return 0;
  }
  free((*at)->values);
  (*at)->values = keep(nest);
  count(&nowhere.changes);
  return 0;
}

/* Answers, gathered into datagrams as the kernel does. */
static struct {
  int fd, length;
  unsigned char bytes[REPLY_MAX];
} out;

static void flush_out(void) {
  if (out.length > 0) REAL(send)(out.fd, out.bytes, (size_t)out.length, MSG_NOSIGNAL);
  out.length = 0;
}

static struct nlmsghdr *begin(const struct nlmsghdr *request, uint16_t type, uint16_t flags) {
  if (out.length > REPLY_MAX - 2048) flush_out();
  struct nlmsghdr *header = (struct nlmsghdr *)(out.bytes + out.length);
  memset(header, 0, sizeof *header);
  header->nlmsg_len = NLMSG_HDRLEN;
  header->nlmsg_type = type;
  header->nlmsg_flags = flags;
  header->nlmsg_seq = request->nlmsg_seq;
  header->nlmsg_pid = (uint32_t)getpid();
  return header;
}

static void add(struct nlmsghdr *header, const void *bytes, size_t length) {
  memcpy((char *)header + header->nlmsg_len, bytes, length);
  memset((char *)header + header->nlmsg_len + length, 0, NLMSG_ALIGN(length) - length);
  header->nlmsg_len += (uint32_t)NLMSG_ALIGN(length);
}

static void add_attribute(struct nlmsghdr *header, int type, const void *bytes, size_t length) {
  struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = (uint16_t)type};
  add(header, &attribute, sizeof attribute);
  add(header, bytes, length);
}

static void end(struct nlmsghdr *header) { out.length += (int)NLMSG_ALIGN(header->nlmsg_len); }

static struct nlmsghdr *begin_generic(const struct nlmsghdr *request, uint16_t type, uint16_t flags, uint8_t command) {
  struct nlmsghdr *header = begin(request, type, flags);
  struct genlmsghdr generic = {.cmd = command, .version = 1};
  add(header, &generic, sizeof generic);
  return header;
}

static void acknowledge(const struct nlmsghdr *request, int error) {
  flush_out(); /* the kernel's comes by itself */
  struct nlmsghdr *header = begin(request, NLMSG_ERROR, error == 0 ? NLM_F_CAPPED : 0);
  struct nlmsgerr body = {.error = -error, .msg = *request};
  add(header, &body, sizeof body);
  end(header);
}

static void done(const struct nlmsghdr *request) {
  struct nlmsghdr *header = begin(request, NLMSG_DONE, NLM_F_MULTI);
  int zero = 0;
  add(header, &zero, sizeof zero);
  end(header);
}

static void answer_family(const struct nlmsghdr *request) {
  struct nlattr *name = attribute((char *)request + NLMSG_HDRLEN + GENL_HDRLEN,
                                  (int)request->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, CTRL_ATTR_FAMILY_NAME);
  if (name == NULL || strcmp((char *)name + NLA_HDRLEN, IPVS_GENL_NAME) != 0) {
    acknowledge(request, ENOENT);
    return;
  }
  struct nlmsghdr *header = begin_generic(request, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
  uint16_t id = FAMILY_ID;
  uint32_t version = 1, none = 0;
  add_attribute(header, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME);
  add_attribute(header, CTRL_ATTR_FAMILY_ID, &id, sizeof id);
  add_attribute(header, CTRL_ATTR_VERSION, &version, sizeof version);
  add_attribute(header, CTRL_ATTR_HDRSIZE, &none, sizeof none);
  end(header);
  if (request->nlmsg_flags & NLM_F_ACK) acknowledge(request, 0);
}

static void dump_services(const struct nlmsghdr *request) {
  for (struct service *at = all; at != NULL; at = at->next) {
    struct nlmsghdr *header = begin_generic(request, FAMILY_ID, NLM_F_MULTI, IPVS_CMD_NEW_SERVICE);
    add_attribute(header, IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED, at->values->bytes, at->values->length);
    end(header);
  }
  done(request);
}

static void dump_destinations(const struct nlmsghdr *request, struct nlattr *of) {
  unsigned char key[24];
  service_key(of, key);
  struct service *service = find_service(key);
  for (struct destination *at = service == NULL ? NULL : service->destinations; at != NULL; at = at->next) {
    struct nlmsghdr *header = begin_generic(request, FAMILY_ID, NLM_F_MULTI, IPVS_CMD_NEW_DEST);
    add_attribute(header, IPVS_CMD_ATTR_DEST | NLA_F_NESTED, at->values->bytes, at->values->length);
    end(header);
  }
  done(request);
}

static void answer(struct nlmsghdr *request) {
  if (request->nlmsg_type == GENL_ID_CTRL) {
    answer_family(request);
    return;
  }
  struct genlmsghdr *generic = (struct genlmsghdr *)((char *)request + NLMSG_HDRLEN);
  void *attributes = (char *)generic + GENL_HDRLEN;
  int length = (int)request->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, error = 0;
  struct nlattr *service = attribute(attributes, length, IPVS_CMD_ATTR_SERVICE);
  struct nlattr *destination = attribute(attributes, length, IPVS_CMD_ATTR_DEST);
  uint32_t version = 0x010201, size = 4096, seconds[3] = {900, 120, 300};
  switch (generic->cmd) {
    case IPVS_CMD_NEW_SERVICE:
    case IPVS_CMD_SET_SERVICE:
    case IPVS_CMD_DEL_SERVICE:
      error = change_service(generic->cmd, service);
      break;
    case IPVS_CMD_NEW_DEST:
    case IPVS_CMD_SET_DEST:
    case IPVS_CMD_DEL_DEST:
      error = change_destination(generic->cmd, service, destination);
      break;
    case IPVS_CMD_FLUSH:
      while (all != NULL) forget_service(all);
      break;
    case IPVS_CMD_GET_SERVICE:
      dump_services(request);
      return;
    case IPVS_CMD_GET_DEST:
      dump_destinations(request, service);
      return;
    case IPVS_CMD_GET_INFO: {
      struct nlmsghdr *header = begin_generic(request, FAMILY_ID, 0, IPVS_CMD_SET_INFO);
      add_attribute(header, IPVS_INFO_ATTR_VERSION, &version, sizeof version);
      add_attribute(header, IPVS_INFO_ATTR_CONN_TAB_SIZE, &size, sizeof size);
      end(header);
      break;
    }
    case IPVS_CMD_GET_CONFIG: {
      struct nlmsghdr *header = begin_generic(request, FAMILY_ID, 0, IPVS_CMD_SET_CONFIG);
      for (int i = 0; i < 3; i++)
        add_attribute(header, IPVS_CMD_ATTR_TIMEOUT_TCP + i, &seconds[i], sizeof seconds[i]);
      end(header);
      break;
    }
    default:
      break;
  }
  if (error != 0 || (request->nlmsg_flags & NLM_F_ACK)) acknowledge(request, error);
}

static void answer_all(int fd, void *bytes, size_t length) {
  out.fd = other_end[fd] - 1;
  out.length = 0;
  for (struct nlmsghdr *at = bytes; length >= NLMSG_HDRLEN && at->nlmsg_len >= NLMSG_HDRLEN && at->nlmsg_len <= length;) {
    if (at->nlmsg_type >= NLMSG_MIN_TYPE) answer(at);
    /* each request is answered by datagrams of its own */
    flush_out();
    size_t step = NLMSG_ALIGN(at->nlmsg_len);
    if (step >= length) break;
    length -= step;
    at = (struct nlmsghdr *)((char *)at + step);
  }
}

static void watch(int fd, void *bytes, size_t length) {
  if (fd < 0 || fd >= FD_MAX || !watched[fd]) return;
  for (struct nlmsghdr *at = bytes; length >= NLMSG_HDRLEN && at->nlmsg_len >= NLMSG_HDRLEN && at->nlmsg_len <= length;) {
    uint8_t command = ((struct genlmsghdr *)NLMSG_DATA(at))->cmd;
    if (at->nlmsg_type > GENL_ID_CTRL && command == IPVS_CMD_NEW_SERVICE) count(&nowhere.services);
    if (at->nlmsg_type > GENL_ID_CTRL && command == IPVS_CMD_NEW_DEST) count(&nowhere.destinations);
    size_t step = NLMSG_ALIGN(at->nlmsg_len);
    if (step >= length) break;
    length -= step;
    at = (struct nlmsghdr *)((char *)at + step);
  }
}

int socket(int domain, int type, int protocol) {
  if (domain != AF_NETLINK || protocol != NETLINK_GENERIC) return REAL(socket)(domain, type, protocol);
  if (getenv("IPVS_STANDIN_WATCHES") != NULL) {
    int fd = REAL(socket)(domain, type, protocol);
    if (fd >= 0 && fd < FD_MAX) watched[fd] = 1;
    return fd;
  }
  int ends[2], size = 64 << 20;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | (type & (SOCK_CLOEXEC | SOCK_NONBLOCK)), 0, ends) < 0) return -1;
  if (ends[0] >= FD_MAX) {
    errno = EMFILE;
    return -1;
  }
  REAL(setsockopt)(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  other_end[ends[0]] = ends[1] + 1;
  return ends[0];
}

int close(int fd) {
  if (is_ours(fd)) {
    int other = other_end[fd] - 1;
    other_end[fd] = 0;
    REAL(close)(other);
  }
  if (fd >= 0 && fd < FD_MAX) watched[fd] = 0;
  return REAL(close)(fd);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  return is_ours(fd) ? 0 : REAL(bind)(fd, address, length);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  return is_ours(fd) ? 0 : REAL(connect)(fd, address, length);
}

int setsockopt(int fd, int level, int name, const void *given, socklen_t length) {
  return is_ours(fd) ? 0 : REAL(setsockopt)(fd, level, name, given, length);
}

static void say_kernel(void *address, socklen_t *length, uint32_t port) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_pid = port};
  if (address != NULL && length != NULL && *length >= sizeof kernel) memcpy(address, &kernel, sizeof kernel);
  if (length != NULL) *length = sizeof kernel;
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  if (!is_ours(fd)) return REAL(getsockname)(fd, address, length);
  say_kernel(address, length, (uint32_t)getpid());
  return 0;
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t to_length) {
  watch(fd, (void *)bytes, length);
  if (!is_ours(fd)) return REAL(sendto)(fd, bytes, length, flags, to, to_length);
  answer_all(fd, (void *)bytes, length);
  return (ssize_t)length;
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  if (is_ours(fd)) return sendto(fd, bytes, length, flags, NULL, 0);
  watch(fd, (void *)bytes, length);
  return REAL(send)(fd, bytes, length, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  if (!is_ours(fd)) {
    for (size_t i = 0; i < message->msg_iovlen; i++)
      watch(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return REAL(sendmsg)(fd, message, flags);
  }
  static unsigned char whole[1 << 16];
  size_t length = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++) {
    memcpy(whole + length, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    length += message->msg_iov[i].iov_len;
  }
  answer_all(fd, whole, length);
  return (ssize_t)length;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  void *name = message->msg_name;
  socklen_t length = message->msg_namelen;
  ssize_t got = REAL(recvmsg)(fd, message, flags);
  if (got >= 0 && is_ours(fd)) {
    message->msg_name = name;
    say_kernel(name, &length, 0);
    message->msg_namelen = length;
  }
  return got;
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict length) {
  ssize_t got = REAL(recvfrom)(fd, bytes, size, flags, is_ours(fd) ? NULL : from, is_ours(fd) ? NULL : length);
  if (got >= 0 && is_ours(fd)) say_kernel(from, length, 0);
  return got;
}
