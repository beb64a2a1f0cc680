#include "clock.h"

namespace holdfast {

namespace {

int64_t Microseconds(const timespec& time) { return static_cast<int64_t>(time.tv_sec) * 1000000 + time.tv_nsec / 1000; }

int64_t Read(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return Microseconds(now);
}

}  // namespace

int64_t MonotonicNow() { return Read(CLOCK_MONOTONIC); }

int64_t MonotonicOf(const timespec& stamp, int64_t earliest) {
  const int64_t now = MonotonicNow();
  const int64_t at = now - (Read(CLOCK_REALTIME) - Microseconds(stamp));
  if (at > now) return now;
  return at < earliest ? earliest : at;
}

}  // namespace holdfast
