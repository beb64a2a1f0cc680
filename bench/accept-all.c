/*
 * A server of all addresses: accept-all PORT. Prints for each connection when it came (CLOCK_MONOTONIC, microseconds) and
 * the address that was meant, some lines at a time. It closes a connection only after thousands of later ones: whoever
 * made it has looked at it by then (a reset that comes before would be a failed connect), and as the reset leaves nothing
 * in TIME_WAIT, no table of the kernel fills up.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 8192, BACKLOG = 65535, SPARE_FILES = 64, FLUSH_AFTER_US = 200000 };

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  const struct rlimit files = {KEPT + SPARE_FILES, KEPT + SPARE_FILES};
  setrlimit(RLIMIT_NOFILE, &files);
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[argc - 1]))};
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  const struct timeval wait = {.tv_usec = FLUSH_AFTER_US};
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (bind(listener, (const struct sockaddr *)&any, sizeof any) < 0 || listen(listener, BACKLOG) < 0) {
    perror("accept-all");
    return 1;
  }
  static int kept[KEPT];
  long long flushed = 0;
  for (unsigned i = 0;;) {
    const int fd = accept(listener, NULL, NULL);
    const long long now = now_us();
    if (fd >= 0) {
      struct sockaddr_in meant = {0};
      socklen_t length = sizeof meant;
      getsockname(fd, (struct sockaddr *)&meant, &length);
      printf("%lld %s\n", now, inet_ntoa(meant.sin_addr));
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      if (kept[i % KEPT] > 0) close(kept[i % KEPT]);
      kept[i++ % KEPT] = fd;
    }
    if (now - flushed > FLUSH_AFTER_US) {
      flushed = now;
      if (fflush(stdout) != 0) return 0;
    }
  }
}
