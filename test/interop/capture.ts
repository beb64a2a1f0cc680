/** The advertisements on a segment, as tcpdump sees them: who said what, and when. */
import { Background, until } from '../lab/process.ts';

export interface CapturedAdvertisement {
  /** Seconds since the epoch, stamped by the kernel. */
  readonly at: number;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
  readonly destination: string;
}

/** A cluster or a pair: what has a namespace with the segment in it. */
interface HasSegment {
  namespaceOf(where: 'segment'): string;
}

/** See the file's head. */
export class Capture {
  readonly advertisements: CapturedAdvertisement[] = [];
  readonly #tcpdump: Background;
  #listening = false;

  private constructor(cluster: HasSegment) {
    const filter = [
      '-i',
      'any',
      '--immediate-mode',
      '-l',
      '-n',
      '-tt',
      '-Q',
      'in',
      'ip proto 112 or ip proto 51 or ip6 proto 112',
    ];
    const command = ['ip', 'netns', 'exec', cluster.namespaceOf('segment'), 'tcpdump', ...filter];
    this.#tcpdump = new Background(command[0] as string, command.slice(1), (line) => this.#read(line));
  }

  /** Starts to listen; returns when nothing is missed any more. */
  static async start(cluster: HasSegment): Promise<Capture> {
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
    const found = /^(\d+\.\d+) .*?IP6? (\S+) > (\S+):.* VRRPv\d, Advertisement, .*?vrid (\d+), prio (\d+)/.exec(line);
    if (!found) return;
    // the port and the bridge above it see the same packet at the same time
    const last = this.advertisements.at(-1);
    if (last?.at === Number(found[1]) && last.source === found[2] && last.destination === found[3]) return;
    const [, at, source = '', destination = '', vrid, priority] = found;
    this.advertisements.push({ at: Number(at), source, destination, vrid: Number(vrid), priority: Number(priority) });
  }
}
