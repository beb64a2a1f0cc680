import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SCHED_OTHER, SCHED_RESET_ON_FORK, SCHED_RR } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import {
  lockableRanges,
  lockMemory,
  type MemoryRange,
  useNiceness,
  useOrdinaryTime,
  useRealTime,
} from '../../src/io/scheduling.ts';
import { runScript } from './child.ts';

const refusing = (code: string) => (): never => {
  throw Object.assign(new Error(`x ${code}`), { code, errno: -1, syscall: 'x' });
};

describe('useOrdinaryTime and useNiceness', () => {
  it('leave the real-time class, and say when that is refused', () => {
    const asked: [number, number][] = [];
    const setScheduler = (policy: number, priority: number): void => void asked.push([policy, priority]);
    expect(useOrdinaryTime({ setScheduler })).toEqual({ ok: true, value: undefined });
    expect(asked).toEqual([[SCHED_OTHER, 0]]);
    expect(useOrdinaryTime({ setScheduler: refusing('EPERM') })).toEqual({
      ok: false,
      reason: 'leaving the real-time class was refused (EPERM)',
    });
  });

  it('set the niceness, and say when that is refused', () => {
    const asked: number[] = [];
    expect(useNiceness(-5, (niceness) => void asked.push(niceness))).toEqual({ ok: true, value: undefined });
    expect(asked).toEqual([-5]);
    expect(useNiceness(-5, refusing('EACCES'))).toEqual({
      ok: false,
      reason: 'niceness -5 was refused (EACCES): it takes CAP_SYS_NICE',
    });
  });
});

describe('useRealTime', () => {
  it('asks for round robin, reset in children, unless FIFO is wanted', () => {
    const asked: [number, number][] = [];
    const setScheduler = (policy: number, priority: number): void => void asked.push([policy, priority]);
    expect(useRealTime(50, undefined, { setScheduler })).toEqual({ ok: true, value: undefined });
    expect(useRealTime(7, 'FIFO', { setScheduler })).toEqual({ ok: true, value: undefined });
    expect(asked).toEqual([
      [0x40000002, 50],
      [0x40000001, 7],
    ]);
  });

  it.each([
    [
      'EPERM',
      'SCHED_RR with priority 50 was refused (EPERM): it takes CAP_SYS_NICE or LimitRTPRIO=50, and a CPU control group that may run real time',
    ],
    ['EINVAL', 'SCHED_RR with priority 50 was refused (EINVAL): a real-time priority is from 1 to 99'],
    ['ENOSYS', 'SCHED_RR with priority 50 was refused (ENOSYS)'],
  ])('says what is missing on %s', (code, reason) => {
    expect(useRealTime(50, 'RR', { setScheduler: refusing(code) })).toEqual({ ok: false, reason });
  });

  it('lets our own mistakes through', () => {
    expect(() => useRealTime('50' as unknown as number)).toThrow(TypeError);
  });

  it('takes effect on this thread where the machine allows it, else says so', () => {
    const result = useRealTime(1);
    const scheduler = native().getScheduler();
    native().setScheduler(SCHED_OTHER, 0);
    if (result.ok) expect(scheduler).toEqual({ policy: SCHED_RR | SCHED_RESET_ON_FORK, priority: 1 });
    else expect([result.reason, scheduler.policy]).toEqual([expect.stringContaining('CAP_SYS_NICE'), SCHED_OTHER]);
  });

  it('is the class of every thread, not of the first one alone', async () => {
    const { stdout, stderr } = await runScript(`
      const { readdirSync, readFileSync, stat } = require('node:fs');
      stat('/', () => {
        let refused = false;
        try {
          native.setScheduler(${SCHED_RR}, 1);
        } catch (error) {
          refused = error.code === 'EPERM';
        }
        // proc_pid_stat(5): field 41
        const policies = readdirSync('/proc/self/task').map((thread) =>
          Number(readFileSync('/proc/self/task/' + thread + '/stat', 'latin1').replace(/^.*\\) /s, '').split(' ')[38]));
        console.log(policies.length > 4 && policies.every((policy) => policy === (refused ? 0 : ${SCHED_RR})));
      });
    `);
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  });

  it('refuses priorities outside 1-99', () => {
    for (const priority of [0, 100]) {
      expect(useRealTime(priority)).toEqual({ ok: false, reason: expect.stringContaining('from 1 to 99') });
    }
  });
});

const MAPS = `00400000-04d1f000 r-xp 00000000 fe:00 1234 /usr/bin/node
05d9f000-05e12000 rw-p 00000000 00:00 0 [heap]
1f4000000-1f4040000 rw-p 00000000 00:00 0 
7f2ed4200000-7f2ed4220000 r--p 00000000 fe:00 5678 /opt/with blank/holdfast.node
7ffd1b5a9000-7ffd1b5ca000 rw-p 00000000 00:00 0 [stack]
ffffa0000000-ffffa0001000 r-xp 00000000 fe:00 9 /lib/aarch64-linux-gnu/libc.so.6
7ffd1b5d2000-7ffd1b5d4000 r-xp 00000000 00:00 0 [vdso]
`;

const LOCKABLE = [
  { start: 0x400000, length: 0x491f000 },
  { start: 0x5d9f000, length: 0x73000 },
  { start: 0x7f2ed4200000, length: 0x20000 },
  { start: 0x7ffd1b5a9000, length: 0x21000 },
  { start: 0xffffa0000000, length: 0x1000 },
];

describe('lockMemory', () => {
  it('locks files, C heap and stack; not what V8 gives back page by page, nor what the kernel maps', () => {
    expect(lockableRanges(MAPS)).toEqual(LOCKABLE);
    const locked: MemoryRange[] = [];
    const result = lockMemory(MAPS, { lockMemory: (start, length) => void locked.push({ start, length }) });
    expect([result, locked]).toEqual([{ ok: true, value: undefined }, LOCKABLE]);
  });

  it.each([
    ['EPERM', 'locking memory was refused (EPERM): it takes CAP_IPC_LOCK'],
    ['ENOMEM', 'locking memory was refused (ENOMEM): it takes CAP_IPC_LOCK or LimitMEMLOCK=infinity'],
    ['ENOSYS', 'locking memory was refused (ENOSYS): the kernel is older than 4.4'],
  ])('says what is missing on %s', (code, reason) => {
    expect(lockMemory(MAPS, { lockMemory: refusing(code) })).toEqual({ ok: false, reason });
  });

  it('leaves a process that stays small and goes on collecting garbage', async () => {
    const ranges = lockableRanges(readFileSync('/proc/self/maps', 'latin1'));
    expect(ranges.length).toBeGreaterThan(10);
    const ending = await runScript(
      `
      const { readFileSync } = require('node:fs');
      const lockable = ${String(lockableRanges)};
      try {
        for (const { start, length } of lockable(readFileSync('/proc/self/maps', 'latin1'))) {
          native.lockMemory(start, length);
        }
      } catch (error) {
        console.log(error.code);
        process.exit();
      }
      const kilobytes = (field) =>
        Number(readFileSync('/proc/self/status', 'utf8').match(new RegExp(field + ':\\\\s*(\\\\d+)'))[1]);
      const small = kilobytes('VmLck') > 0 && kilobytes('VmRSS') < 100_000;
      for (let round = 0; round < 5; round++) {
        Array.from({ length: 200_000 }, (_, i) => ({ i, text: 'x' + i }));
        gc();
      }
      console.log(small ? 'locked' : readFileSync('/proc/self/status', 'utf8'));
    `,
      ['--expose-gc'],
    );
    expect(ending).toEqual({ status: 0, stdout: expect.stringMatching(/^(locked|EPERM|ENOMEM)\n$/), stderr: '' });
  });
});
