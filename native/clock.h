// The monotonic clock in whole microseconds, and kernel receive stamps brought onto it.
#pragma once

#include <cstdint>
#include <ctime>

namespace holdfast {

// CLOCK_MONOTONIC.
int64_t MonotonicNow();

// When a packet with this CLOCK_REALTIME stamp arrived, on CLOCK_MONOTONIC: both clocks are read now and the age is taken
// off. Somebody may set the wall clock in between, so the answer is held between `earliest` and now.
int64_t MonotonicOf(const timespec& stamp, int64_t earliest);

}  // namespace holdfast
