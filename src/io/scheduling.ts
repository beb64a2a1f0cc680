/**
 * What keeps the election process from waiting for others: a real-time scheduling class and locked memory. Both may be
 * refused (containers, missing capabilities); the answer then says why, and the agent does without.
 */
import { readFileSync, stat } from 'node:fs';
import { setPriority } from 'node:os';
import { fault, ok, type Result } from '../base/result.ts';
import { SCHED_FIFO, SCHED_OTHER, SCHED_RESET_ON_FORK, SCHED_RR } from './constants.ts';
import { type Native, native } from './native.ts';
import { isSystemCallError } from './system-error.ts';

/** Round robin shares with equals, first-in-first-out runs until it waits. */
export type RealTimePolicy = 'RR' | 'FIFO';

const POLICIES = { RR: SCHED_RR, FIFO: SCHED_FIFO } as const satisfies Record<RealTimePolicy, number>;

/**
 * Puts this process into a real-time class, all of its threads: the first one waits for what another one holds, which on a busy
 * host may not get its turn for long. What it forks starts in the ordinary class, as threads that are made later do.
 * keepalived.conf(5) "vrrp_rt_priority".
 * @param priority 1-99, higher runs first
 */
export function useRealTime(
  priority: number,
  policy: RealTimePolicy = 'RR',
  system: Pick<Native, 'setScheduler'> = native(),
): Result<undefined> {
  // libuv makes its threads when something needs one, and then all of them
  stat('/', () => {});
  return attempt(
    () => system.setScheduler(POLICIES[policy] | SCHED_RESET_ON_FORK, priority),
    (code) => {
      const what = `SCHED_${policy} with priority ${priority} was refused (${code})`;
      if (code === 'EPERM') {
        return `${what}: it takes CAP_SYS_NICE or LimitRTPRIO=${priority}, and a CPU control group that may run real time`;
      }
      return code === 'EINVAL' ? `${what}: a real-time priority is from 1 to 99` : what;
    },
  );
}

/** Puts this process back into the ordinary class, where niceness counts. */
export function useOrdinaryTime(system: Pick<Native, 'setScheduler'> = native()): Result<undefined> {
  return attempt(
    () => system.setScheduler(SCHED_OTHER, 0),
    (code) => `leaving the real-time class was refused (${code})`,
  );
}

/**
 * How much this process's main thread yields to others of the ordinary class. keepalived.conf(5) "vrrp_priority".
 * @param niceness -20-19, less is more urgent
 */
export function useNiceness(niceness: number, set: (niceness: number) => void = setPriority): Result<undefined> {
  try {
    set(niceness);
    return ok(undefined);
  } catch (error) {
    return fault(`niceness ${niceness} was refused (${(error as NodeJS.ErrnoException).code}): it takes CAP_SYS_NICE`);
  }
}

/** A piece of our address space, in bytes. */
export interface MemoryRange {
  readonly start: number;
  readonly length: number;
}

/**
 * The ranges of /proc/self/maps (proc(5)) that can be locked: what is mapped from a file (the program, its libraries, the
 * addon), the C heap and the stack. Not the heap of JavaScript: V8 gives pages of it back with madvise(2), which the
 * kernel refuses for locked pages, and V8 ends the process then. Those pages leave the memory only where there is swap:
 * the service's unit has MemorySwapMax=0.
 */
export function lockableRanges(maps: string): readonly MemoryRange[] {
  return maps.split('\n').flatMap((line) => {
    const found = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ +(\/.*|\[heap\]|\[stack\])$/.exec(line);
    if (!found) return [];
    const [start, end] = [Number.parseInt(found[1] ?? '', 16), Number.parseInt(found[2] ?? '', 16)];
    return [{ start, length: end - start }];
  });
}

/** Keeps the program's code and fixed data in memory, as far as they are touched: a page of it is never read from disk. */
export function lockMemory(
  maps: string = readFileSync('/proc/self/maps', 'latin1'),
  system: Pick<Native, 'lockMemory'> = native(),
): Result<undefined> {
  return attempt(
    () => {
      for (const { start, length } of lockableRanges(maps)) system.lockMemory(start, length);
    },
    (code) => {
      const what = `locking memory was refused (${code})`;
      if (code === 'EPERM') return `${what}: it takes CAP_IPC_LOCK`;
      if (code === 'ENOMEM') return `${what}: it takes CAP_IPC_LOCK or LimitMEMLOCK=infinity`;
      return code === 'ENOSYS' ? `${what}: the kernel is older than 4.4` : what;
    },
  );
}

function attempt(call: () => void, explain: (code: string) => string): Result<undefined> {
  try {
    call();
    return ok(undefined);
  } catch (error) {
    if (!isSystemCallError(error)) throw error;
    return fault(explain(error.code));
  }
}
