/*
 * A server of all addresses: accept-all PORT. Prints for each connection when it came (CLOCK_MONOTONIC, microseconds) and
 * the address that was meant, some lines at a time. It resets a connection when the other side has closed it: whoever made
 * it has looked at it by then, does not wait long if its close() waits for an answer, and as the reset leaves nothing in
 * TIME_WAIT, no table of the kernel fills up.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 65535, EVENTS = 256, FLUSH_AFTER_MS = 200 };

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void watch(int poll, int fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static void welcome(int poll, int listener) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct sockaddr_in meant = {0};
    socklen_t length = sizeof meant;
    getsockname(fd, (struct sockaddr *)&meant, &length);
    printf("%lld %s\n", now_us(), inet_ntoa(meant.sin_addr));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    watch(poll, fd);
  }
}

int main(int argc, char **argv) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[argc - 1]))};
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (const struct sockaddr *)&any, sizeof any) < 0 || listen(listener, BACKLOG) < 0) {
    perror("accept-all");
    return 1;
  }
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  watch(poll, listener);
  for (long long flushed = 0;;) {
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(poll, events, EVENTS, FLUSH_AFTER_MS);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) welcome(poll, listener);
      else close(events[i].data.fd);
    }
    const long long now = now_us();
    if (now - flushed > FLUSH_AFTER_MS * 1000LL) {
      flushed = now;
      if (fflush(stdout) != 0) return 0;
    }
  }
}
