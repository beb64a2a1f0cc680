/**
 * The frames that hosts of a segment say something about virtual addresses with, as tcpdump sees them on the bridge: who sent
 * them, by hardware address, what they are and what they are about.
 */
import { Background, until } from '../lab/process.ts';

export interface CapturedFrame {
  /** Seconds since the epoch, stamped by the kernel. */
  readonly at: number;
  /** Source of the frame. */
  readonly mac: string;
  /** Gratuitous ARP, unsolicited Neighbor Advertisement, VRRP advertisement, report of IGMP or MLD. */
  readonly kind: 'arp' | 'na' | 'vrrp' | 'report';
  /** The address that is announced, or the source of an advertisement or report. */
  readonly address: string;
}

const PATTERNS: readonly (readonly [CapturedFrame['kind'], RegExp])[] = [
  ['arp', /^(\S+) (\S+) > ff:ff:ff:ff:ff:ff.* Request who-has (\S+) .*tell \3,/],
  ['na', /^(\S+) (\S+) > .* neighbor advertisement, tgt is ([0-9a-f:]+),/],
  ['report', /^(\S+) (\S+) > .*: (\S+) > \S+: (?:igmp|HBH ICMP6, multicast listener report)/],
  ['vrrp', /^(\S+) (\S+) > .*: (\S+) > \S+: VRRPv\d, Advertisement/],
];

/** See the file's head. */
export class Frames {
  readonly all: CapturedFrame[] = [];
  readonly #tcpdump: Background;
  #listening = false;

  private constructor(namespace: string, bridge: string) {
    const filter = 'arp or (icmp6 and ip6[40] == 136) or proto 112 or ip6 proto 112 or igmp or (ip6 and ip6[6] == 0)';
    const words = [
      'netns',
      'exec',
      namespace,
      'tcpdump',
      '-i',
      bridge,
      '--immediate-mode',
      '-l',
      '-n',
      '-e',
      '-tt',
      filter,
    ];
    this.#tcpdump = new Background('ip', words, (line) => this.#read(line));
  }

  /** Starts to listen; returns when nothing is missed any more. */
  static async start(pair: { namespaceOf(where: 'segment'): string }, bridge = 'bridge'): Promise<Frames> {
    const frames = new Frames(pair.namespaceOf('segment'), bridge);
    await until('tcpdump listens', 10_000, () => (frames.#listening ? true : undefined));
    return frames;
  }

  /** Announcements of an address, from `since` on (an index). */
  announcements(address: string, since = 0): CapturedFrame[] {
    return this.all
      .slice(since)
      .filter(({ kind, ...frame }) => (kind === 'arp' || kind === 'na') && frame.address === address);
  }

  /** Waits until an address has been announced so many times. */
  announced(address: string, count: number, withinSeconds = 30, since = 0): Promise<CapturedFrame[]> {
    return until(`${count} announcements of ${address}`, withinSeconds * 1000, () => {
      const found = this.announcements(address, since);
      return found.length >= count ? found : undefined;
    });
  }

  async stop(): Promise<void> {
    this.#tcpdump.signal('SIGTERM');
    await this.#tcpdump.ended;
  }

  #read(line: string): void {
    if (line.includes('listening on')) this.#listening = true;
    for (const [kind, pattern] of PATTERNS) {
      const [, at, mac = '', address = ''] = pattern.exec(line) ?? [];
      if (at !== undefined) this.all.push({ at: Number(at), mac, kind, address });
    }
  }
}
