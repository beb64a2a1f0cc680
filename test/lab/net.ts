/**
 * Hosts on one segment, each a network namespace, with as many addresses as a test wants; and what runs in them: name
 * servers and a client (talk.mjs), the agent. Needs root; everything is gone after `close`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { busybox } from './cluster.ts';
import { namespaces, removeNamespace } from './namespace.ts';
import { Background, type Outcome, run, succeed, until } from './process.ts';

/** One host of the segment. */
export interface Host {
  /** With prefix lengths, on its eth0. */
  readonly addresses: readonly string[];
  /** Commands of ip(8) once its interfaces are up. */
  readonly commands?: readonly string[];
  readonly sysctl?: readonly string[];
}

const talk = resolve('test/lab/talk.mjs');

/** See the file's head. */
export class Net {
  readonly directory = mkdtempSync(join(process.env.HOLDFAST_LAB ? '/run' : tmpdir(), 'holdfast-net-'));
  readonly #prefix = `hf-${randomBytes(3).toString('hex')}-`;
  readonly #callers: Caller[] = [];

  /** Throws, with nothing left behind, where that is impossible. */
  static async lay(hosts: Readonly<Record<string, Host>>): Promise<Net> {
    const net = new Net();
    try {
      await net.#lay(Object.entries(hosts));
      return net;
    } catch (error) {
      net.close();
      throw error;
    }
  }

  inHost(host: string, command: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.#prefix + host, ...command]];
  }

  exec(host: string, ...command: readonly string[]): Promise<Outcome> {
    return run(...this.inHost(host, command));
  }

  /** Runs commands of ip(8) in a host, as one batch; throws when one fails. */
  async ip(host: string, ...commands: readonly string[]): Promise<void> {
    await succeed('ip', ['-n', this.#prefix + host, '-batch', '-'], `${commands.join('\n')}\n`);
  }

  /** `ipvsadm -Ln` and what else is said. */
  async ipvsadm(host: string, ...words: readonly string[]): Promise<string> {
    const [program, args] = this.inHost(host, ['ipvsadm', ...words]);
    return succeed(program, args);
  }

  /** A server in each of the hosts that says the host's name; returns when all listen. */
  async serve(hosts: readonly string[], ports: readonly number[]): Promise<void> {
    await Promise.all(
      hosts.map(async (host) => {
        let isReady = false;
        const command = [process.execPath, talk, 'serve', host, ...ports.map(String)];
        const server = new Background(...this.inHost(host, command), (line) => {
          isReady ||= line === 'ready';
        });
        await until(`${host} serves`, 60_000, () => (isReady || !server.running ? true : undefined));
        if (!isReady) throw new Error(`the server in ${host} ended`);
      }),
    );
  }

  /** A client in a host. */
  caller(host: string): Caller {
    const caller = new Caller(...this.inHost(host, [process.execPath, talk, 'call']));
    this.#callers.push(caller);
    return caller;
  }

  /** The agent in a host with this configuration; returns when its table is there. */
  async agent(host: string, configuration: string): Promise<LabAgent> {
    const agent = new LabAgent(this, host);
    agent.write(configuration);
    await agent.start();
    return agent;
  }

  close(): void {
    for (const caller of this.#callers) caller.close();
    for (const namespace of namespaces(this.#prefix)) removeNamespace(namespace);
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #lay(hosts: readonly [string, Host][]): Promise<void> {
    for (const name of ['segment', ...hosts.map(([name]) => name)])
      await succeed('ip', ['netns', 'add', this.#prefix + name]);
    await this.ip(
      'segment',
      'link add br0 type bridge mcast_snooping 0',
      'link set br0 up',
      ...hosts.flatMap(([name]) => [
        `link add to-${name} type veth peer name eth0 netns ${this.#prefix}${name}`,
        `link set to-${name} master br0 up`,
      ]),
    );
    for (const [name, { addresses, commands = [], sysctl = [] }] of hosts) {
      // no waiting for addresses that nobody else can have
      const settings = ['net.ipv6.conf.eth0.accept_dad=0', ...sysctl];
      const [program, args] = this.inHost(name, [busybox, 'sysctl', '-q', '-w', ...settings]);
      await succeed(program, args);
      await this.ip(
        name,
        'link set lo up',
        ...addresses.map((address) => `address add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`),
        'link set eth0 up',
        ...commands,
      );
    }
  }
}

/** A client that does one thing after the other. */
export class Caller {
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: string) => void)[] = [];

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    }
  }

  /** Opens connections and keeps them; who answered each, '-' for nobody. */
  async open(host: string, port: number, count: number, from?: string): Promise<string[]> {
    return (await this.#order<{ names: string[] }>({ op: 'open', host, port, count, from })).names;
  }

  /** How many of the open connections still get an answer. */
  ping(): Promise<{ alive: number; of: number }> {
    return this.#order({ op: 'ping' });
  }

  async closeAll(): Promise<void> {
    await this.#order({ op: 'close' });
  }

  /** A datagram each from a port of its own; who answered. */
  async ask(host: string, port: number, count: number, from?: string): Promise<string[]> {
    return (await this.#order<{ names: string[] }>({ op: 'ask', host, port, count, from })).names;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #order<Answer>(order: object): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push((line) => resolve(JSON.parse(line) as Answer));
      this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    });
  }
}

/** holdfast in a host. */
export class LabAgent {
  readonly lines: string[] = [];
  readonly #net: Net;
  readonly #host: string;
  readonly #directory: string;
  #process: Background | undefined;

  constructor(net: Net, host: string) {
    this.#net = net;
    this.#host = host;
    this.#directory = join(net.directory, `agent-${host}`);
    mkdirSync(this.#directory, { recursive: true });
  }

  write(configuration: string): void {
    writeFileSync(join(this.#directory, 'holdfast.conf'), configuration);
  }

  async start(): Promise<void> {
    const file = join(this.#directory, 'holdfast.conf');
    const command = [resolve('bin/holdfast'), '-n', '-l', '-D', '-f', file, '--run-dir', this.#directory];
    this.lines.length = 0;
    this.#process = new Background(...this.#net.inHost(this.#host, command), (line) => this.lines.push(line));
    await this.said(/event=started /);
  }

  /** The new configuration is in force. */
  async reload(configuration: string): Promise<void> {
    this.write(configuration);
    this.lines.length = 0;
    this.#process?.signal('SIGHUP');
    await this.said(/event=(reloaded|reload-refused) /);
  }

  /** Waits for a line of its log. */
  said(pattern: RegExp): Promise<string> {
    return until(`the agent in ${this.#host} says ${pattern}`, 60_000, () => {
      const found = this.lines.find((line) => pattern.test(line));
      if (found === undefined && this.#process?.running === false) throw new Error(this.lines.slice(-20).join('\n'));
      return found;
    });
  }

  /** Runs `holdfast` with these words against it. */
  command(...words: readonly string[]): Promise<Outcome> {
    return this.#net.exec(this.#host, resolve('bin/holdfast'), ...words, '--run-dir', this.#directory);
  }

  async stop(): Promise<void> {
    this.#process?.signal('SIGTERM');
    await this.#process?.ended;
  }

  /** Ends its main process at once. */
  async kill(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.ended;
  }
}

/** How often each name occurs. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
