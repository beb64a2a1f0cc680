import { beforeEach, describe, expect, it } from 'vitest';
import { instant, later, seconds } from '../../src/base/time.ts';
import type { CheckerConfig, TcpChecker } from '../../src/checks/checker-config.ts';
import { HealthBook } from '../../src/daemon/health-book.ts';
import type { VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer, tcpChecker, virtualServer } from '../support/servers.ts';

const T0 = instant(1_000_000_000);
const checker = (different: Partial<TcpChecker> = {}): TcpChecker =>
  tcpChecker({ retry: 0, delayLoop: seconds(6), warmup: seconds(10), ...different });

const server = (checkers: CheckerConfig[]): VirtualServer => virtualServer({ realServers: [realServer({ checkers })] });

const half = () => 0.5;
const isUp = (book: HealthBook) => book.isHealthy('192.168.4.15:80/TCP', '192.168.4.100:80');

describe('HealthBook', () => {
  let book: HealthBook;

  beforeEach(() => {
    book = new HealthBook();
  });

  /** Lets checker `i` probe and fail. */
  const fail = (i: number) => {
    const entry = book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80')[i];
    if (!entry) throw new Error('no such checker');
    const at = entry.health.nextAt ?? T0;
    const [started] = book.handle(entry, { type: 'clock' }, at);
    if (started?.type !== 'start-probe') throw new Error('not started');
    const result = { outcome: 'unhealthy', reason: 'connect: ECONNREFUSED' } as const;
    book.note(entry, result, new Date('2026-01-01T00:00:00Z'), 1.26);
    return book.handle(entry, { type: 'result', probe: started.probe, result }, at);
  };

  it('takes each checker when it is due, once', () => {
    book.configure([server([checker(), checker({ warmup: seconds(2) })])], T0, half);
    expect(book.nextAt).toBe(later(T0, seconds(1)));
    expect(book.takeDue(later(T0, seconds(1))).map((entry) => entry.id)).toEqual([
      '192.168.4.15:80/TCP 192.168.4.100:80 1',
    ]);
    expect(book.takeDue(later(T0, seconds(1)))).toEqual([]);
    expect(book.nextAt).toBe(later(T0, seconds(5)));
  });

  it('a real server is healthy when all of its checkers are, and without any', () => {
    book.configure([server([])], T0, half);
    expect(isUp(book)).toBe(true);
    book.configure([server([checker(), checker({ connectPort: 81 })])], T0, half);
    expect(isUp(book)).toBe(true);
    expect(fail(1)).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 0 }]);
    expect(isUp(book)).toBe(false);
  });

  it('keeps what is known over a reload that changes nothing about the checker', () => {
    book.configure([server([checker()])], T0, half);
    fail(0);
    book.configure([server([checker()])], T0, half);
    expect(isUp(book)).toBe(false);
    expect(book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80')[0]?.last).toEqual({
      kind: 'TCP_CHECK',
      healthy: false,
      reason: 'connect: ECONNREFUSED',
      at: '2026-01-01T00:00:00.000Z',
      took_ms: 1.3,
    });
  });

  it('keeps it also when only the timing changes: a dead server is not put back into service', () => {
    book.configure([server([checker()])], T0, half);
    fail(0);
    book.configure([server([checker({ delayLoop: seconds(11), warmup: seconds(8), retry: 3 })])], T0, half);
    expect(isUp(book)).toBe(false);
    expect(book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80')[0]?.config.retry).toBe(3);
  });

  it('begins anew with a checker that changed, and aborts the old one', () => {
    book.configure([server([checker()])], T0, half);
    const [entry] = book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80');
    const abort = new AbortController();
    if (entry) entry.abort = abort;
    book.configure([server([checker({ connectPort: 81 })])], T0, half);
    expect(abort.signal.aborted).toBe(true);
    expect(book.nextAt).toBe(later(T0, seconds(5)));
  });

  it('has nothing to do when closed', () => {
    book.configure([server([checker()])], T0, half);
    book.close();
    expect(book.nextAt).toBeUndefined();
  });
});
