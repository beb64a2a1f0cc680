/**
 * The cluster of the LVS tutorials in network namespaces: a client, two directors, two real servers.
 *
 *   client 192.168.4.10   director1 192.168.4.5   director2 192.168.4.6   rs1 192.168.4.100   rs2 192.168.4.200
 *        └───────────────────────┴──────── segment ────────┴───────────────────┴───────────────────┘
 *
 * Virtual IP 192.168.4.15. For NAT the real servers are on a second segment, 10.0.0.100 and .200, where the directors
 * have eth1 (10.0.0.5 and .6) and share 10.0.0.254 as the real servers' gateway. Addresses and kernel settings are
 * those that the tutorials tell people to make; VIP and IPVS table of the directors are left to the agent under test.
 * Needs root; every process and namespace is gone after `close`.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaces, removeNamespace } from './namespace.ts';
import { Background, type Outcome, run, succeed, until } from './process.ts';

/** The forwarding method that the cluster is laid out for: direct route, masquerading, tunnel. */
export type Mode = 'dr' | 'nat' | 'tun';

export type RealServerName = 'rs1' | 'rs2';
export type DirectorName = 'director1' | 'director2';
export type NodeName = 'client' | DirectorName | RealServerName;

export const VIRTUAL_IP = '192.168.4.15';
/** NAT only: the real servers' gateway, which moves with the master. */
export const INNER_GATEWAY = '10.0.0.254';
export const directors: readonly DirectorName[] = ['director1', 'director2'];
export const realServers: readonly RealServerName[] = ['rs1', 'rs2'];

/** The busybox with the applets httpd and sysctl. */
export const busybox = process.env.HOLDFAST_BUSYBOX ?? 'busybox';

/** Signals that end a process which does nothing about them; the cluster must be closed first. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Interface {
  readonly segment: 'outer' | 'inner';
  readonly name: string;
  readonly address: string;
}

interface Node {
  readonly interfaces: readonly Interface[];
  /** Further commands of ip(8) once the interfaces are up. */
  readonly commands?: readonly string[];
  readonly sysctl?: readonly string[];
}

const outer = (address: string): Interface => ({ segment: 'outer', name: 'eth0', address: `${address}/24` });
const inner = (name: string, address: string): Interface => ({ segment: 'inner', name, address: `${address}/24` });

/** A real server must not answer ARP for the VIP that it has, nor use it as a source of its own ARP requests. */
const noArpForVirtualIp = ['all', 'lo'].flatMap((name) => [
  `net.ipv4.conf.${name}.arp_ignore=1`,
  `net.ipv4.conf.${name}.arp_announce=2`,
]);

/** A router that masquerades must not tell its clients of a shorter way. */
const router = [
  'net.ipv4.ip_forward=1',
  ...['all', 'default', 'eth0'].map((i) => `net.ipv4.conf.${i}.send_redirects=0`),
];

const layouts: Readonly<Record<Mode, Readonly<Record<NodeName, Node>>>> = {
  dr: {
    client: { interfaces: [outer('192.168.4.10')] },
    director1: { interfaces: [outer('192.168.4.5')] },
    director2: { interfaces: [outer('192.168.4.6')] },
    rs1: directServer('192.168.4.100'),
    rs2: directServer('192.168.4.200'),
  },
  nat: {
    client: { interfaces: [outer('192.168.4.10')] },
    director1: { interfaces: [outer('192.168.4.5'), inner('eth1', '10.0.0.5')], sysctl: router },
    director2: { interfaces: [outer('192.168.4.6'), inner('eth1', '10.0.0.6')], sysctl: router },
    rs1: masqueradedServer('10.0.0.100'),
    rs2: masqueradedServer('10.0.0.200'),
  },
  tun: {
    client: { interfaces: [outer('192.168.4.10')] },
    director1: { interfaces: [outer('192.168.4.5')] },
    director2: { interfaces: [outer('192.168.4.6')] },
    rs1: tunnelServer('192.168.4.100'),
    rs2: tunnelServer('192.168.4.200'),
  },
};

function directServer(address: string): Node {
  return {
    interfaces: [outer(address)],
    commands: [`address add ${VIRTUAL_IP}/32 dev lo`],
    sysctl: noArpForVirtualIp,
  };
}

function masqueradedServer(address: string): Node {
  return { interfaces: [inner('eth0', address)], commands: [`route add default via ${INNER_GATEWAY}`] };
}

function tunnelServer(address: string): Node {
  return {
    interfaces: [outer(address)],
    commands: ['link set tunl0 up', `address add ${VIRTUAL_IP}/32 dev tunl0`],
    // What comes out of the tunnel comes from the client, who is not behind it.
    sysctl: [...noArpForVirtualIp, ...['all', 'default', 'tunl0'].map((name) => `net.ipv4.conf.${name}.rp_filter=0`)],
  };
}

/** A virtual service in the kernel's table, as `ipvsadm -Ln` shows it. */
export interface ServiceEntry {
  /** '192.168.4.15:80/TCP' */
  readonly id: string;
  readonly scheduler: string;
  readonly destinations: readonly { readonly id: string; readonly method: string; readonly weight: number }[];
}

/** Reads the output of `ipvsadm -Ln`. */
export function parseIpvsTable(text: string): ServiceEntry[] {
  const table: { id: string; scheduler: string; destinations: ServiceEntry['destinations'][number][] }[] = [];
  for (const line of text.split('\n')) {
    const service = /^(TCP|UDP|SCTP)\s+(\S+)\s+(\S+)/.exec(line);
    const destination = /^ {2}-> (\S+)\s+(Masq|Route|Tunnel|Local)\s+(\d+)/.exec(line);
    if (service) table.push({ id: `${service[2]}/${service[1]}`, scheduler: service[3] ?? '', destinations: [] });
    else if (destination) {
      const [, id = '', method = '', weight] = destination;
      table.at(-1)?.destinations.push({ id, method, weight: Number(weight) });
    }
  }
  return table;
}

export class Cluster {
  readonly mode: Mode;
  /** A directory for files of this run; removed by `close`. In the lab /run is in memory and ends with it. */
  readonly directory = mkdtempSync(join(process.env.HOLDFAST_LAB ? '/run' : tmpdir(), 'holdfast-cluster-'));
  readonly #prefix = `hf-${randomBytes(3).toString('hex')}-`;
  readonly #servers = new Map<RealServerName, Background>();
  #closed = false;

  private constructor(mode: Mode) {
    this.mode = mode;
    process.once('exit', this.#closeAtExit);
    for (const signal of endingSignals) process.once(signal, this.#closeAtSignal);
  }

  /** Builds the cluster with both real servers serving. Throws, with nothing left behind, where that is impossible. */
  static async build(mode: Mode): Promise<Cluster> {
    const cluster = new Cluster(mode);
    try {
      await cluster.#lay();
      for (const name of realServers) await cluster.startServer(name);
      return cluster;
    } catch (error) {
      cluster.close();
      throw error;
    }
  }

  /** The name of the node's network namespace, for `ip netns exec`. */
  namespaceOf(node: NodeName | 'segment'): string {
    return this.#prefix + node;
  }

  /** The address at which a real server is checked and forwarded to. */
  serverAddress(name: RealServerName): string {
    return layouts[this.mode][name].interfaces[0]?.address.split('/')[0] ?? '';
  }

  /** Program and arguments that run this command in a node, for `run` and `Background`. */
  inNode(node: NodeName, command: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.namespaceOf(node), ...command]];
  }

  /** Runs a command in a node to its end. */
  exec(node: NodeName, ...command: readonly string[]): Promise<Outcome> {
    return run(...this.inNode(node, command));
  }

  /** IPv4 addresses on a node's eth0 and eth1, without their prefix lengths. */
  async addresses(node: NodeName): Promise<string[]> {
    const json = await succeed('ip', ['-n', this.namespaceOf(node), '-4', '-j', 'address']);
    const links = JSON.parse(json) as { ifname?: string; addr_info?: { local: string }[] }[];
    return links.filter((l) => l.ifname?.startsWith('eth')).flatMap((l) => l.addr_info?.map((a) => a.local) ?? []);
  }

  /** The directors that hold an address. */
  async holders(address: string): Promise<DirectorName[]> {
    const held = await Promise.all(directors.map((name) => this.addresses(name)));
    return directors.filter((_, i) => held[i]?.includes(address));
  }

  /** A node's IPVS table, by `ipvsadm -Ln`. */
  async ipvs(node: DirectorName): Promise<ServiceEntry[]> {
    const [program, args] = this.inNode(node, ['ipvsadm', '-Ln']);
    return parseIpvsTable(await succeed(program, args));
  }

  /** Process ids in a node. */
  async processes(node: NodeName): Promise<number[]> {
    const text = await succeed('ip', ['netns', 'pids', this.namespaceOf(node)]);
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Sets the segment's port of a director down, as when its cable is pulled: it loses the carrier of eth0. */
  async cutLink(node: DirectorName): Promise<void> {
    await this.#ip('segment', [`link set outer-${node} down`]);
  }

  async restoreLink(node: DirectorName): Promise<void> {
    await this.#ip('segment', [`link set outer-${node} up`]);
  }

  /** Starts a real server's HTTP server on port 80, whose page is the server's name; returns when it answers. */
  async startServer(name: RealServerName): Promise<void> {
    const pages = join(this.directory, name);
    mkdirSync(pages, { recursive: true });
    writeFileSync(join(pages, 'index.html'), `${name}\n`);
    const said: string[] = [];
    const command = this.inNode(name, [busybox, 'httpd', '-f', '-p', '80', '-h', pages]);
    const server = new Background(...command, (line) => said.push(line));
    this.#servers.set(name, server);
    await until(`${name} answers HTTP`, 10_000, async () => {
      if (!server.running) throw new Error(`the HTTP server of ${name} ended: ${said.join('; ')}`);
      const answer = await this.exec(name, 'curl', '-q', '-s', '--max-time', '1', 'http://127.0.0.1/');
      return answer.stdout.trim() === name ? true : undefined;
    });
  }

  /** Ends a real server's HTTP server at once (SIGKILL); the machine stays up and refuses connections. */
  async killServer(name: RealServerName): Promise<void> {
    const server = this.#servers.get(name);
    server?.signal('SIGKILL');
    await server?.ended;
  }

  /**
   * Ends every process in the cluster and removes its namespaces and files. Runs to its end before it returns, so that
   * it can be used wherever the process may end; a second call does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    process.removeListener('exit', this.#closeAtExit);
    for (const signal of endingSignals) process.removeListener(signal, this.#closeAtSignal);
    for (const namespace of namespaces(this.#prefix)) removeNamespace(namespace);
    rmSync(this.directory, { recursive: true, force: true });
  }

  readonly #closeAtExit = (): void => this.close();

  /** Closes, and ends the process as the signal would have ended it. */
  readonly #closeAtSignal = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };

  async #lay(): Promise<void> {
    const nodes = Object.entries(layouts[this.mode]) as [NodeName, Node][];
    if (this.mode === 'tun') await run('modprobe', ['ipip']);
    for (const name of ['segment', ...nodes.map(([name]) => name)]) {
      await succeed('ip', ['netns', 'add', this.#prefix + name]);
    }
    const segments = new Set(nodes.flatMap(([, node]) => node.interfaces.map((i) => i.segment)));
    await this.#ip('segment', [
      // Snooping would wait for a querier that never comes.
      ...[...segments].flatMap((s) => [`link add ${s} type bridge mcast_snooping 0`, `link set ${s} up`]),
      ...nodes.flatMap(([name, node]) =>
        node.interfaces.flatMap(({ segment, name: link }) => [
          `link add ${segment}-${name} type veth peer name ${link} netns ${this.#prefix}${name}`,
          `link set ${segment}-${name} master ${segment} up`,
        ]),
      ),
    ]);
    for (const [name, node] of nodes) {
      if (node.sysctl) {
        const [program, args] = this.inNode(name, [busybox, 'sysctl', '-q', '-w', ...node.sysctl]);
        await succeed(program, args);
      }
      await this.#ip(name, [
        'link set lo up',
        ...node.interfaces.flatMap((i) => [`address add ${i.address} dev ${i.name}`, `link set ${i.name} up`]),
        ...(node.commands ?? []),
      ]);
    }
  }

  /** Runs commands of ip(8) in a node, as one batch. */
  async #ip(node: NodeName | 'segment', commands: readonly string[]): Promise<void> {
    await succeed('ip', ['-n', this.namespaceOf(node), '-batch', '-'], `${commands.join('\n')}\n`);
  }
}
