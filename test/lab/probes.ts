/**
 * What a client of the cluster sees, measured all the time: is the virtual IP reached (an ICMP echo every 2 ms), and
 * is the service (one HTTP request after the other, each a new connection through IPVS).
 */

import { type Cluster, realServers, VIRTUAL_IP } from './cluster.ts';
import { Background, until } from './process.ts';

/** The distance of the echo requests in milliseconds: no gap is measured more finely. */
export const ECHO_INTERVAL_MS = 2;

/** Finds the longest time without an answer, per period. Times in milliseconds since the epoch. */
export class GapMeter {
  #last: number | undefined;
  #longest = 0;

  answered(at: number): void {
    if (this.#last !== undefined) this.#longest = Math.max(this.#longest, at - this.#last);
    this.#last = at;
  }

  /** The last answer; undefined before the first. */
  get lastAt(): number | undefined {
    return this.#last;
  }

  /** The longest time without an answer since the last call; an open gap counts up to `now`. */
  take(now: number): number {
    const longest = Math.max(this.#longest, this.#last === undefined ? 0 : now - this.#last);
    this.#longest = 0;
    // What of an open gap lies before now is counted; the rest belongs to the next period.
    if (this.#last !== undefined) this.#last = Math.max(this.#last, now);
    return longest;
  }
}

/** Sends echo requests to the virtual IP from the client, and measures the gaps between the replies. */
export class EchoProbe {
  readonly #ping: Background;
  readonly #gaps = new GapMeter();
  /** Of the last answer, and how many are missing before it since the first one. */
  #sequence: number | undefined;
  #lost = 0;
  /** In milliseconds, since the last call of `takeLoss`. */
  #longestLoss = 0;

  constructor(cluster: Cluster) {
    const command = ['ping', '-n', '-D', '-i', String(ECHO_INTERVAL_MS / 1000), VIRTUAL_IP];
    this.#ping = new Background(...cluster.inNode('client', command), (line) => this.#onLine(line));
  }

  #onLine(line: string): void {
    // [1700000000.123456] 64 bytes from 192.168.4.15: icmp_seq=1 ttl=64 time=0.043 ms
    if (line.charCodeAt(0) !== 0x5b || !line.includes('bytes from')) return;
    const at = Number(line.slice(1, line.indexOf(']'))) * 1000;
    const before = this.#gaps.lastAt ?? at;
    this.#gaps.answered(at);
    const sequence = Number(/icmp_seq=(\d+)/.exec(line)?.[1]);
    // it has 16 bits; one that comes twice or late is not lost
    const distance = this.#sequence === undefined ? 1 : (sequence - this.#sequence) & 0xffff;
    if (distance === 0 || distance > 0x7fff) return;
    this.#lost += distance - 1;
    this.#sequence = sequence;
    if (distance > 1) this.#longestLoss = Math.max(this.#longestLoss, at - before);
  }

  /**
   * As `takeGap`, of lost requests only: a reply that is late because this machine is busy is no gap. What is lost still
   * belongs to the next call.
   */
  async takeLoss(): Promise<number> {
    await this.takeGap();
    const longest = this.#longestLoss;
    this.#longestLoss = 0;
    return longest;
  }

  /** Requests that were not answered, of those before the last answer. */
  get lost(): number {
    return this.#lost;
  }

  /** Starts, and returns when the virtual IP answers; what was lost before does not count. */
  static async answered(cluster: Cluster): Promise<EchoProbe> {
    const probe = new EchoProbe(cluster);
    await until('replies', 20_000, () => probe.#gaps.lastAt);
    return probe;
  }

  /** The longest gap since the last call, in milliseconds; the time before the first answer of all is no gap. */
  async takeGap(): Promise<number> {
    const now = Date.now();
    // Replies of before `now` may still be on their way through the pipe: wait for one of after, if any comes.
    await until('a reply', 500, () => ((this.#gaps.lastAt ?? 0) >= now ? true : undefined)).catch(() => undefined);
    return this.#gaps.take(now);
  }

  async stop(): Promise<void> {
    this.#ping.signal('SIGKILL');
    await this.#ping.ended;
  }
}

/** One HTTP request and its answer. */
export interface HttpAnswer {
  readonly at: number;
  /** The real server that answered; undefined when none did. */
  readonly server: string | undefined;
}

/** Requests the page of the virtual IP from the client, again and again, each over a new connection. */
export class HttpProbe {
  readonly #loop: Background;
  readonly #gaps = new GapMeter();
  #answers: HttpAnswer[] = [];

  constructor(cluster: Cluster) {
    // One curl for all requests: starting programs is slow where the processor is emulated. The page goes to standard
    // output as it comes, the outcome to standard error.
    const options = ['-q', '-s', '-N', '--rate', '50/s', '--connect-timeout', '1', '--max-time', '2'];
    const outcome = ['-w', '%{stderr}%{http_code}\\n'];
    const url = `http://${VIRTUAL_IP}/?[1-1000000]`;
    const command = cluster.inNode('client', ['curl', ...options, ...outcome, url]);
    this.#loop = new Background(...command, (line, at) => this.#onLine(line, at));
  }

  #onLine(line: string, at: number): void {
    if (line === '200') return;
    const server = realServers.find((name) => name === line);
    if (server !== undefined) this.#gaps.answered(at);
    this.#answers.push({ at, server });
  }

  /** The next `count` answers. Throws `Late` after `withinMs`. */
  next(count: number, withinMs: number): Promise<HttpAnswer[]> {
    const from = this.#answers.length;
    return until(`${count} HTTP requests are finished`, withinMs, () =>
      this.#answers.length >= from + count ? this.#answers.slice(from, from + count) : undefined,
    );
  }

  /** Requests since the last call: how many were answered, how many not, the longest time without an answer in ms. */
  take(): { answered: number; failed: number; gapMs: number } {
    const answers = this.#answers;
    this.#answers = [];
    const answered = answers.filter((answer) => answer.server !== undefined).length;
    return { answered, failed: answers.length - answered, gapMs: this.#gaps.take(Date.now()) };
  }

  async stop(): Promise<void> {
    this.#loop.signal('SIGKILL');
    await this.#loop.ended;
  }
}
