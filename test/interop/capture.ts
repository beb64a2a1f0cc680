/** The advertisements on a cluster's segment, as tcpdump sees them: who said what, and when. */
import type { Cluster } from '../lab/cluster.ts';
import { Background, until } from '../lab/process.ts';

export interface CapturedAdvertisement {
  /** Seconds since the epoch, stamped by the kernel. */
  readonly at: number;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
}

/** See the file's head. */
export class Capture {
  readonly advertisements: CapturedAdvertisement[] = [];
  readonly #tcpdump: Background;
  #listening = false;

  private constructor(cluster: Cluster) {
    const filter = ['-i', 'any', '--immediate-mode', '-l', '-n', '-tt', '-Q', 'in', 'ip proto 112'];
    const command = ['ip', 'netns', 'exec', cluster.namespaceOf('segment'), 'tcpdump', ...filter];
    this.#tcpdump = new Background(command[0] as string, command.slice(1), (line) => this.#read(line));
  }

  /** Starts to listen; returns when nothing is missed any more. */
  static async start(cluster: Cluster): Promise<Capture> {
    const capture = new Capture(cluster);
    await until('tcpdump listens', 10_000, () => (capture.#listening ? true : undefined));
    return capture;
  }

  /** The first advertisement that fits, among those from `since` on (an index), waited for until `withinMs`. */
  first(
    what: string,
    withinMs: number,
    fits: (advertisement: CapturedAdvertisement) => boolean,
    since = 0,
  ): Promise<CapturedAdvertisement> {
    return until(what, withinMs, () => this.advertisements.slice(since).find(fits));
  }

  /** The last advertisement of a sender. */
  last(source: string): CapturedAdvertisement | undefined {
    return this.advertisements.findLast((advertisement) => advertisement.source === source);
  }

  async stop(): Promise<void> {
    this.#tcpdump.signal('SIGTERM');
    await this.#tcpdump.ended;
  }

  #read(line: string): void {
    if (line.includes('listening on')) this.#listening = true;
    const found =
      /^(\d+\.\d+) .*?(\d+\.\d+\.\d+\.\d+) > [\d.]+: VRRPv\d, Advertisement, .*?vrid (\d+), prio (\d+)/.exec(line);
    if (!found) return;
    const [, at, source = '', vrid, priority] = found;
    this.advertisements.push({ at: Number(at), source, vrid: Number(vrid), priority: Number(priority) });
  }
}
