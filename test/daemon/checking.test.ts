/** Checkers that probe when they are due, in a world that answers as told. */
import { afterEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import type { CheckIo, ConnectOutcome } from '../../src/checks/checker.ts';
import type { TcpChecker } from '../../src/checks/checker-config.ts';
import { Checking } from '../../src/daemon/checking.ts';
import { realIo } from '../support/checker-conformance.ts';
import { realServer, tcpChecker, virtualServer } from '../support/servers.ts';

const VS = '192.168.4.15:80/TCP';
const OTHER = '192.168.4.15:443/TCP';
const refused: ConnectOutcome = { ok: false, reason: 'ECONNREFUSED', local: false };

let checking: Checking;
afterEach(() => checking.stop());

const checker = (different: Partial<TcpChecker> = {}): TcpChecker =>
  tcpChecker({ retry: 1, delayBeforeRetry: milliseconds(1), delayLoop: seconds(60), warmup: ZERO, ...different });

/** Answers in this order; what is asked behind them is never answered. */
function world(answers: readonly ConnectOutcome[]) {
  const left = [...answers];
  const asked: IpAddress[] = [];
  const io: CheckIo = {
    ...realIo,
    connect: ({ address }) => {
      asked.push(address);
      const answer = left.shift();
      return answer === undefined ? new Promise(() => {}) : Promise.resolve(answer);
    },
  };
  return { io, asked };
}

/** Starts checking; `changed` settles with the virtual servers that were told of, as soon as there are as many. */
function start(io: CheckIo, checkers: readonly TcpChecker[], { count = 1, suspended = [] as string[] } = {}) {
  const lines: string[] = [];
  const told: string[] = [];
  let done: (ids: string[]) => void = () => {};
  const changed = new Promise<string[]>((resolve) => {
    done = resolve;
  });
  checking = new Checking({
    log: (level, event, message) => void lines.push(`${level} ${event} ${message}`),
    changed: (id) => {
      told.push(id);
      if (told.length === count) done(told);
    },
    isSuspended: (id) => suspended.includes(id),
  });
  const ids = [VS, OTHER];
  const servers = checkers.map((one, i) => ({
    ...virtualServer({ realServers: [realServer({ checkers: [one] })] }),
    id: ids[i] ?? VS,
  }));
  checking.configure(servers, true, io);
  checking.begin();
  return { changed, lines };
}

describe('Checking', () => {
  it('probes, retries, and tells of a server that goes down', async () => {
    const { io } = world([{ ok: true }, refused, refused]);
    const { changed, lines } = start(io, [checker({ delayLoop: milliseconds(1) })]);
    expect(await changed).toEqual([VS]);
    expect(checking.healthOf(VS, realServer())).toEqual({ isUp: false, weight: 1 });
    expect(lines).toEqual([
      `debug check-failed TCP_CHECK of 192.168.4.100:80 for ${VS}: connect: ECONNREFUSED`,
      `notice check-down TCP_CHECK of 192.168.4.100:80 for ${VS}: failed after 1 retry (connect: ECONNREFUSED)`,
    ]);
    expect(checking.reportsOf(VS, '192.168.4.100:80')).toMatchObject([
      { kind: 'TCP_CHECK', healthy: false, reason: 'connect: ECONNREFUSED' },
    ]);
  });

  it('asks nobody before it is told to begin', async () => {
    const { io, asked } = world([refused]);
    checking = new Checking({ log: () => {}, changed: () => {}, isSuspended: () => false });
    checking.configure([virtualServer({ realServers: [realServer({ checkers: [checker()] })] })], true, io);
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
    checking.begin();
    expect(checking.healthOf(VS, realServer()).isUp).toBe(true);
  });

  it('says every failure where that is wanted (keepalived.conf(5) "log_all_failures")', async () => {
    const { io } = world([{ ok: true }, refused, refused]);
    const { changed, lines } = start(io, [checker({ delayLoop: milliseconds(1), logAllFailures: true })]);
    await changed;
    expect(lines[0]).toMatch(/^info check-failed /);
  });

  it('asks once for two virtual servers, and tells both', async () => {
    const { io, asked } = world([refused]);
    const { changed } = start(io, [checker(), checker()], { count: 2 });
    expect(await changed).toEqual([VS, OTHER]);
    expect(asked).toHaveLength(1);
  });

  it('asks nobody for a virtual server that is suspended, and for one that shares its checks with another', async () => {
    const alone = world([refused]);
    start(alone.io, [checker()], { suspended: [VS] });
    const shared = world([refused]);
    const first = checking;
    const { changed } = start(shared.io, [checker(), checker()], { count: 2, suspended: [VS] });
    await changed;
    first.stop();
    expect([alone.asked.length, shared.asked.length]).toEqual([0, 1]);
    expect(first.healthOf(VS, realServer()).isUp).toBe(true);
  });

  it('listens to no answer after a reload without the checker', async () => {
    let answer: (outcome: ConnectOutcome) => void = () => {};
    let begun: () => void = () => {};
    const isAsked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const io: CheckIo = {
      ...realIo,
      connect: () => {
        begun();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    };
    const { lines } = start(io, [checker()]);
    await isAsked;
    checking.configure([virtualServer({ realServers: [realServer()] })], true, io);
    answer(refused);
    await new Promise(setImmediate);
    expect(lines).toEqual([]);
    expect(checking.healthOf(VS, realServer()).isUp).toBe(true);
  });
});
