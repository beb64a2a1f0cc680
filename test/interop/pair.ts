/**
 * Two routers on one segment, in network namespaces, with any agent on each; what they say to each other is captured.
 *
 *   a 192.168.4.5 fe80::5  ─── segment ───  b 192.168.4.6 fe80::6          (eth0 of each)
 *
 * Smaller and faster to build than the lab's cluster. Needs root; every process and namespace is gone after `close`.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, run, succeed, until } from '../lab/process.ts';
import { PairAgent, type PairAgentName } from './pair-agent.ts';

export type Side = 'a' | 'b';
export const sides: readonly Side[] = ['a', 'b'];

export const ADDRESS: Record<Side, string> = { a: '192.168.4.5', b: '192.168.4.6' };
export const INNER_ADDRESS: Record<Side, string> = { a: '10.0.0.5', b: '10.0.0.6' };
export const LINK_LOCAL: Record<Side, string> = { a: 'fe80::5', b: 'fe80::6' };

/** What a side's interface has; by default both families. */
export interface PairOptions {
  /** `ip -batch` lines for a side, instead of its addresses. */
  readonly addresses?: Partial<Record<Side, readonly string[]>>;
  /** A second segment on eth1: a has 10.0.0.5, b 10.0.0.6. */
  readonly second?: boolean;
  /** Each side has its wire to `segment`, port-a and port-b, and nothing connects them. */
  readonly apart?: boolean;
}

/** See the file's head. */
export class Pair {
  readonly directory = mkdtempSync(join(tmpdir(), 'holdfast-pair-'));
  readonly agents: PairAgent[] = [];
  readonly #prefix = `hf-${randomBytes(3).toString('hex')}-`;

  /** Throws, with nothing left behind, where that is impossible. */
  static async build(options: PairOptions = {}): Promise<Pair> {
    const pair = new Pair();
    try {
      await pair.#lay(options);
      return pair;
    } catch (error) {
      await pair.close();
      throw error;
    }
  }

  /** A router's namespace, or that of the wire between them. */
  namespaceOf(where: Side | 'segment'): string {
    return this.#prefix + where;
  }

  /** Program and arguments that run this command there. */
  command(where: Side | 'segment', ...words: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.namespaceOf(where), ...words]];
  }

  /** Runs a command there to its end. */
  exec(where: Side | 'segment', ...words: readonly string[]): Promise<Outcome> {
    return run(...this.command(where, ...words));
  }

  /** Commands of ip(8) there, as one batch. */
  async ip(where: Side | 'segment', ...commands: readonly string[]): Promise<void> {
    await succeed('ip', ['-n', this.namespaceOf(where), '-batch', '-'], `${commands.join('\n')}\n`);
  }

  /**
   * An agent with this configuration; it is not started yet.
   * @param wrapper words before the command that runs it
   */
  agent(
    side: Side,
    name: PairAgentName,
    configuration: string,
    wrapper: readonly string[] = [],
    extra: readonly string[] = [],
  ): PairAgent {
    const directory = join(this.directory, `${side}-${this.agents.length}`);
    mkdirSync(directory);
    const file = join(directory, 'agent.conf');
    writeFileSync(file, configuration);
    const agent = new PairAgent(
      name,
      file,
      directory,
      (words) => this.command(side, ...wrapper, ...words),
      () => this.#pids(side),
      extra,
    );
    this.agents.push(agent);
    return agent;
  }

  /** Addresses of all interfaces, without prefix lengths. */
  async addresses(side: Side): Promise<string[]> {
    const json = await succeed('ip', ['-n', this.namespaceOf(side), '-j', 'address']);
    const links = JSON.parse(json) as { addr_info?: { local: string }[] }[];
    return links.flatMap((link) => link.addr_info?.map(({ local }) => local) ?? []);
  }

  /** The sides that hold an address. */
  async holders(address: string): Promise<Side[]> {
    const held = await Promise.all(sides.map((side) => this.addresses(side)));
    return sides.filter((_, i) => held[i]?.includes(address));
  }

  /** Waits until one side alone holds an address. */
  async settled(address: string, side: Side, withinSeconds: number): Promise<void> {
    await until(`${side} alone holds ${address}`, withinSeconds * 1000, async () =>
      (await this.holders(address)).join() === side ? true : undefined,
    );
  }

  /** What the agents said last, for a failed test. */
  report(): string {
    return this.agents.map((agent) => `--- ${agent.name}\n${agent.lines.slice(-40).join('\n')}`).join('\n');
  }

  /** Ends everything that was started here. */
  async close(): Promise<void> {
    for (const where of ['a', 'b', 'segment'] as const) {
      for (let round = 0; round < 50; round++) {
        const pids = await this.#pids(where);
        if (pids.length === 0) break;
        for (const pid of pids) endProcess(pid);
      }
      await run('ip', ['netns', 'delete', this.namespaceOf(where)]);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #pids(where: Side | 'segment'): Promise<number[]> {
    const { stdout } = await run('ip', ['netns', 'pids', this.namespaceOf(where)]);
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  async #lay({ addresses = {}, second = false, apart = false }: PairOptions): Promise<void> {
    for (const where of ['segment', ...sides] as const) await succeed('ip', ['netns', 'add', this.namespaceOf(where)]);
    await this.#wire('bridge', 'eth0', 'port', apart ? '' : 'master bridge');
    for (const side of sides) {
      await succeed(...this.command(side, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.accept_dad=0'));
      const own = [`address add ${ADDRESS[side]}/24 dev eth0`, `address add ${LINK_LOCAL[side]}/64 dev eth0`];
      await this.ip(side, 'link set lo up', 'link set eth0 addrgenmode none up', ...(addresses[side] ?? own));
    }
    if (!second) return;
    await this.#wire('bridge1', 'eth1', 'port1', 'master bridge1');
    for (const side of sides) {
      await this.ip(side, `address add ${INNER_ADDRESS[side]}/24 dev eth1`, 'link set eth1 addrgenmode none up');
    }
  }

  /** A segment, with an interface of each side in it. */
  #wire(bridge: string, name: string, port: string, master: string): Promise<void> {
    return this.ip(
      'segment',
      `link add ${bridge} type bridge mcast_snooping 0`,
      `link set ${bridge} addrgenmode none up`,
      ...sides.flatMap((side) => [
        `link add ${port}-${side} type veth peer name ${name} netns ${this.namespaceOf(side)}`,
        `link set ${port}-${side} addrgenmode none ${master} up`,
      ]),
    );
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself meanwhile
  }
}
