/*
 * Answers keepalived in the place of the kernel's IPVS: loaded before it (LD_PRELOAD), so that its checker process runs
 * where the kernel has no IPVS, and nothing of it reaches one that has. Every request succeeds and changes nothing. Only
 * the public functions of libnl-3 and libnl-genl-3 are taken over.
 */
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>

struct nl_sock;
struct nl_msg;
typedef int (*callback)(struct nl_msg *, void *);

extern struct nlmsghdr *nlmsg_hdr(struct nl_msg *);
extern struct nl_msg *nlmsg_alloc(void);
extern void nlmsg_free(struct nl_msg *);
extern void *genlmsg_put(struct nl_msg *, unsigned, unsigned, int, int, int, unsigned char, unsigned char);
extern int nla_put(struct nl_msg *, int, int, const void *);

/* netlink/handlers.h: enum nl_cb_type */
enum { CB_VALID, CB_FINISH, CB_ACK = 4, CB_TYPES = 16 };
enum { FAMILY = 64, VERSION_1_2_1 = 0x010201, CONNECTION_TABLE_SIZE = 4096 };

static callback callbacks[CB_TYPES];
static void *arguments[CB_TYPES];
static int last_command;

int genl_connect(struct nl_sock *socket) { (void)socket; return 0; }

int genl_ctrl_resolve(struct nl_sock *socket, const char *name) { (void)socket; (void)name; return FAMILY; }

int nl_socket_modify_cb(struct nl_sock *socket, unsigned type, unsigned kind, callback function, void *argument) {
  (void)socket; (void)kind;
  if (type < CB_TYPES) {
    callbacks[type] = function;
    arguments[type] = argument;
  }
  return 0;
}

int nl_send_auto(struct nl_sock *socket, struct nl_msg *message) {
  (void)socket;
  const struct nlmsghdr *header = nlmsg_hdr(message);
  last_command = ((const struct genlmsghdr *)(header + 1))->cmd;
  return (int)header->nlmsg_len;
}

static void call(unsigned type, struct nl_msg *message) {
  if (callbacks[type]) callbacks[type](message, arguments[type]);
}

int nl_recvmsgs_default(struct nl_sock *socket) {
  (void)socket;
  struct nl_msg *answer = nlmsg_alloc();
  genlmsg_put(answer, 0, 0, FAMILY, 0, 0, (unsigned char)last_command, IPVS_GENL_VERSION);
  if (last_command == IPVS_CMD_GET_INFO) {
    const unsigned version = VERSION_1_2_1, size = CONNECTION_TABLE_SIZE;
    nla_put(answer, IPVS_INFO_ATTR_VERSION, sizeof version, &version);
    nla_put(answer, IPVS_INFO_ATTR_CONN_TAB_SIZE, sizeof size, &size);
    call(CB_VALID, answer);
  }
  call(CB_FINISH, answer);
  call(CB_ACK, answer);
  nlmsg_free(answer);
  return 0;
}
