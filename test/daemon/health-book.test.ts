import { beforeEach, describe, expect, it } from 'vitest';
import { Canceller } from '../../src/base/cancellation.ts';
import { instant, later, seconds, ZERO } from '../../src/base/time.ts';
import type { CheckerConfig, FileChecker, MiscChecker, TcpChecker } from '../../src/checks/checker-config.ts';
import { type BookOptions, HealthBook } from '../../src/daemon/health-book.ts';
import type { VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer, tcpChecker, virtualServer } from '../support/servers.ts';

const T0 = instant(1_000_000_000);
const checker = (different: Partial<TcpChecker> = {}): TcpChecker =>
  tcpChecker({ retry: 0, delayLoop: seconds(6), warmup: seconds(10), ...different });

const server = (checkers: CheckerConfig[]): VirtualServer => virtualServer({ realServers: [realServer({ checkers })] });

const options: BookOptions = { merges: true, random: () => 0.5 };
const VS = '192.168.4.15:80/TCP';
const isUp = (book: HealthBook, id = VS) => book.healthOf(id, realServer()).isUp;

const misc = (): MiscChecker => ({
  kind: 'MISC_CHECK',
  script: { command: ['/bin/true'] },
  timeout: ZERO,
  fallbackTimeout: seconds(60),
  isDynamic: false,
  retry: 0,
  delayBeforeRetry: seconds(1),
  delayLoop: seconds(6),
  warmup: seconds(10),
  alpha: false,
  logAllFailures: false,
});

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
    book.note(entry, result, 1_767_225_600_000, 1.26);
    return book.handle(entry, { type: 'result', probe: started.probe, result }, at);
  };

  it('takes each checker when it is due, once', () => {
    book.configure([server([checker(), checker({ warmup: seconds(2) })])], T0, options);
    expect(book.nextAt).toBe(later(T0, seconds(1)));
    expect(book.takeDue(later(T0, seconds(1))).map((entry) => entry.id)).toEqual(['2']);
    expect(book.takeDue(later(T0, seconds(1)))).toEqual([]);
    expect(book.nextAt).toBe(later(T0, seconds(5)));
  });

  it('knows how servers begin before it has checkers: down with alpha, and otherwise as they are configured', () => {
    const begins = (checkers: CheckerConfig[]) => book.healthOf(VS, realServer({ weight: 3, checkers }));
    expect(begins([checker(), checker({ alpha: true })])).toEqual({ isUp: false, weight: 3 });
    expect(begins([checker(), misc()])).toEqual({ isUp: true, weight: 3 });
    expect(begins([])).toEqual({ isUp: true, weight: 3 });
    for (const alpha of [true, false]) {
      const before = begins([checker({ alpha })]);
      book.configure([server([checker({ alpha })])], T0, options);
      expect(book.healthOf(VS, realServer({ weight: 3, checkers: [checker({ alpha })] }))).toEqual(before);
      book = new HealthBook();
    }
  });

  it('a real server is healthy when all of its checkers are, and without any', () => {
    book.configure([server([])], T0, options);
    expect(isUp(book)).toBe(true);
    book.configure([server([checker(), checker({ connectPort: 81 })])], T0, options);
    expect(isUp(book)).toBe(true);
    expect(fail(1)).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 0 }]);
    expect(isUp(book)).toBe(false);
  });

  it('keeps what is known over a reload that changes nothing about the checker', () => {
    book.configure([server([checker()])], T0, options);
    fail(0);
    book.configure([server([checker()])], T0, options);
    expect(isUp(book)).toBe(false);
    expect(book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80')[0]?.last).toEqual({
      result: { outcome: 'unhealthy', reason: 'connect: ECONNREFUSED' },
      healthy: false,
      at: 1_767_225_600_000,
      took_ms: 1.26,
    });
  });

  it('keeps it also when only the timing changes: a dead server is not put back into service', () => {
    book.configure([server([checker()])], T0, options);
    fail(0);
    book.configure([server([checker({ delayLoop: seconds(11), warmup: seconds(8), retry: 3 })])], T0, options);
    expect(isUp(book)).toBe(false);
    expect(book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80')[0]?.pace.retry).toBe(3);
  });

  it('begins anew with a checker that changed, and aborts the old one', () => {
    book.configure([server([checker()])], T0, options);
    const [entry] = book.checksOf('192.168.4.15:80/TCP', '192.168.4.100:80');
    const abort = new Canceller();
    if (entry) entry.abort = abort;
    book.configure([server([checker({ connectPort: 81 })])], T0, options);
    expect(abort.aborted).toBe(true);
    expect(book.nextAt).toBe(later(T0, seconds(5)));
  });

  it('has nothing to do when closed', () => {
    book.configure([server([checker()])], T0, options);
    book.close();
    expect(book.nextAt).toBeUndefined();
  });

  describe('checkers that ask the same', () => {
    const OTHER = '192.168.4.15:443/TCP';
    const two = (one: CheckerConfig, other: CheckerConfig): VirtualServer[] => [
      server([one]),
      { ...server([other]), id: OTHER },
    ];
    const entriesOf = () => [VS, OTHER].map((id) => book.checksOf(id, '192.168.4.100:80')[0]);

    it('are one in several virtual servers, and its result is for all of them', () => {
      book.configure(two(checker(), checker()), T0, options);
      const [one, other] = entriesOf();
      expect(one).toBe(other);
      expect(one?.servers).toEqual([
        { virtualServerId: VS, realServerId: '192.168.4.100:80' },
        { virtualServerId: OTHER, realServerId: '192.168.4.100:80' },
      ]);
      fail(0);
      expect([isUp(book, VS), isUp(book, OTHER)]).toEqual([false, false]);
      expect(book.takeDue(later(T0, seconds(100)))).toHaveLength(1);
    });

    it.each([
      ['that is not wanted', { ...options, merges: false }, checker(), checker()],
      ['their times differ', options, checker(), checker({ delayLoop: seconds(7) })],
      ['their questions differ', options, checker(), checker({ fwmark: 7 })],
      ['they are commands', options, misc(), misc()],
    ] as const)('are several where %s', (_why, given, one, other) => {
      book.configure(two(one, other), T0, given);
      const [first, second] = entriesOf();
      expect(first).not.toBe(second);
      expect(first?.servers).toHaveLength(1);
      expect(second?.servers).toHaveLength(1);
    });

    it('stay as they are known when a reload makes several of one', () => {
      book.configure(two(checker(), checker()), T0, options);
      fail(0);
      book.configure(two(checker(), checker({ delayLoop: seconds(7) })), T0, options);
      expect([isUp(book, VS), isUp(book, OTHER)]).toEqual([false, false]);
      expect(entriesOf().map((entry) => entry?.health.nextAt)).toEqual([later(T0, seconds(11)), later(T0, seconds(5))]);
    });

    it('are known to a virtual server that a reload adds', () => {
      book.configure([server([checker()])], T0, options);
      fail(0);
      book.configure(two(checker(), checker()), T0, options);
      expect(isUp(book, OTHER)).toBe(false);
    });
  });

  describe('what checkers are told', () => {
    const file = (different: Partial<FileChecker> = {}): FileChecker => ({
      kind: 'FILE_CHECK',
      trackFile: 'drain',
      weight: 0,
      reverse: false,
      ...different,
    });
    const tell = (value: number, name = 'drain') =>
      book
        .tell({ kind: 'file', name, value })
        .flatMap(([entry, result]) => book.handle(entry, { type: 'told', result }, T0));

    it('counts at once, up and down', () => {
      book.configure([server([file()])], T0, options);
      expect(tell(0)).toEqual([]);
      expect(tell(1)).toEqual([{ type: 'went-down', reason: 'the number in drain is 1', retries: 0 }]);
      expect(isUp(book)).toBe(false);
      expect(tell(0)).toEqual([{ type: 'went-up' }]);
      expect(book.nextAt).toBeUndefined();
    });

    it('concerns those that want to know it', () => {
      book.configure([server([file()])], T0, options);
      expect(tell(1, 'other')).toEqual([]);
      expect(isUp(book)).toBe(true);
    });

    it('changes the weight where the checker has one', () => {
      book.configure([server([file({ weight: -2 })])], T0, options);
      expect(tell(3)).toEqual([{ type: 'weight-changed' }]);
      expect(book.healthOf(VS, realServer({ weight: 10 }))).toEqual({ isUp: true, weight: 4 });
    });

    it('is remembered for a checker that a reload adds', () => {
      tell(1);
      book.configure([server([file()])], T0, options);
      expect(book.toldNow().map(([, result]) => result.outcome)).toEqual(['unhealthy']);
    });
  });
});
