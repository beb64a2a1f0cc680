/** What changes in the kernel's addresses, routes and rules, in its order and with times: `ip monitor` in a namespace. */
import { Background, until } from '../lab/process.ts';
import type { Pair, Side } from './pair.ts';

/** A route that comes and goes to see whether anybody watches, and whether everything has been told. */
const PROBE = '203.0.113.0/24';

interface Change {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly isRemoval: boolean;
  /** As ip(8) writes it. */
  readonly text: string;
}

/** See the file's head. */
export class KernelMonitor {
  readonly lines: string[] = [];
  readonly #pair: Pair;
  readonly #side: Side;
  readonly #process: Background;

  private constructor(pair: Pair, side: Side) {
    this.#pair = pair;
    this.#side = side;
    // in real time, so that its stamps are those of the events
    const command = ['chrt', '--rr', '60', 'ip', '-ts', '-o', 'monitor', 'address', 'route', 'rule'];
    this.#process = new Background(...pair.command(side, ...command), (line) => this.lines.push(line));
  }

  /** Resolves when it hears. */
  static async start(pair: Pair, side: Side): Promise<KernelMonitor> {
    const monitor = new KernelMonitor(pair, side);
    await monitor.flush();
    monitor.lines.length = 0;
    return monitor;
  }

  /** Resolves when everything up to now has been read. */
  async flush(): Promise<void> {
    const since = this.lines.length;
    await until('the monitor listens', 10_000, async () => {
      await this.#pair.ip(this.#side, `route add blackhole ${PROBE}`, `route del blackhole ${PROBE}`);
      return this.lines.slice(since).some((line) => line.includes('Deleted') && line.includes(PROBE))
        ? true
        : undefined;
    });
  }

  /** What has happened, `+` or `-` and what it is; what the kernel does by itself is left out. */
  get changes(): readonly string[] {
    return this.#all().map(({ isRemoval, text }) => `${isRemoval ? '-' : '+'} ${shortened(text)}`);
  }

  /** The times at which a row with this text went and came back, the nth time. */
  async removedAndAdded(text: string, nth = 1): Promise<readonly [number, number]> {
    return until(`${text} has gone and come`, 10_000, () => {
      const about = this.#all().filter((change) => change.text.includes(text));
      const removed = about.filter(({ isRemoval }) => isRemoval)[nth - 1];
      const added = about.filter(({ isRemoval, at }) => !isRemoval && removed !== undefined && at >= removed.at)[0];
      return removed && added && ([removed.at, added.at] as const);
    });
  }

  async stop(): Promise<void> {
    this.#process.signal('SIGTERM');
    await this.#process.ended;
  }

  #all(): Change[] {
    return this.lines.flatMap((line) => {
      const [, at = '', deleted, text = ''] = /^\[([^\]]+)\] (Deleted )?(.*)$/.exec(line) ?? [];
      const isOfTheKernel = / proto kernel /.test(text) || text.includes(PROBE) || at === '';
      return isOfTheKernel ? [] : [{ at: secondsOf(at), isRemoval: deleted !== undefined, text }];
    });
  }
}

/** Of a time of day with microseconds. */
const secondsOf = (stamp: string): number =>
  Date.parse(`${stamp.slice(0, 19)}Z`) / 1000 + Number(`0${stamp.slice(19)}`);

/** Without number, name and what is always the same. */
const shortened = (text: string): string =>
  text
    .replace(/^\d+: +\S+ +(inet6? \S+) .*$/, '$1')
    .replace(/^\d+:\t/, '')
    .replace(/ (table \S+ )?proto .*$/, '')
    .trim();
