/**
 * Holdfast and keepalived with the same configuration and the same addresses in namespaces that know nothing of each
 * other. Every frame, every link and every file is the same for both at the same time; what they tell on their FIFOs is kept.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLONE_NEWNET } from '../../../src/io/constants.ts';
import { native } from '../../../src/io/native.ts';
import { PacketSocket } from '../../../src/io/packet-socket.ts';
import { Background, until } from '../../lab/process.ts';
import { Pair, type Side, sides } from '../pair.ts';
import type { PairAgentName } from '../pair-agent.ts';
import { translated } from './known.ts';
import { frameOf, instanceText, ipCommands, NOBODY, nameOf, OUR_MAC, type Placed, trackedLinkOf } from './placed.ts';
import { endOf, type Happening, type Scenario } from './scenario.ts';

const TWINS: Record<Side, PairAgentName> = { a: 'keepalived', b: 'holdfast' };
/** The last one is nobody's. */
export const VRIDS = NOBODY - 1;

/** What each twin told of a scenario, line by line. */
export interface Told {
  readonly scenario: Scenario;
  readonly keepalived: readonly string[];
  readonly holdfast: readonly string[];
}

interface Life {
  readonly scenario: Scenario;
  readonly members: readonly Placed[];
  readonly group: string | undefined;
}

const HEAD = (fifo: string) => `global_defs {
 script_user root
 vrrp_notify_fifo ${fifo}
 vrrp_notify_priority_changes
 vrrp_rt_priority 50
 vrrp_rlimit_rttime 10000000
 vrrp_garp_master_repeat 1
 vrrp_garp_master_delay 0
 vrrp_garp_lower_prio_repeat 0
}
`;

/**
 * Lives through all of these scenarios at once; together they have at most `VRIDS` members.
 * @param translates keepalived hears what makes it do as holdfast does
 */
export async function live(scenarios: readonly Scenario[], translates: boolean): Promise<Told[]> {
  const pair = await Pair.build({ apart: true, addresses: { a: OWN, b: OWN } });
  const closing: (() => Promise<void> | void)[] = [() => pair.close()];
  try {
    const lives = place(scenarios, pair.directory);
    const all = lives.flatMap(({ members }) => members);
    for (const { member, file } of all) if (member.fileWeight !== undefined) writeFileSync(file, '0\n');
    for (const side of sides) {
      const namespace = pair.namespaceOf('segment');
      await pair.ip(side, ...all.flatMap((one) => ipCommands(one, { name: portOf(side, one), namespace })));
    }
    const ports = all.filter(({ member }) => member.ownLink).flatMap((one) => sides.map((side) => portOf(side, one)));
    if (ports.length > 0) await pair.ip('segment', ...ports.map((port) => `link set ${port} addrgenmode none up`));
    const lines: Record<Side, string[]> = { a: [], b: [] };
    const agents = sides.map((side) => {
      const fifo = join(pair.directory, `fifo-${side}`);
      native().makeFifo(fifo, 0o600);
      const reader = new Background('cat', [fifo], (line) => lines[side].push(line));
      closing.unshift(() => {
        reader.signal('SIGTERM');
        return reader.ended;
      });
      return pair.agent(side, TWINS[side], HEAD(fifo) + lives.map(configurationOf).join(''));
    });
    const senders = new Senders(pair);
    closing.unshift(() => senders.close());
    for (const agent of agents) agent.start();
    const waitedFor = () =>
      sides.flatMap((side) =>
        all
          .filter((one) => !lines[side].some((line) => line.startsWith(`INSTANCE "${nameOf(one)}" MASTER `)))
          .map((one) => `${TWINS[side]} ${nameOf(one)}`),
      );
    await until('everybody is MASTER', 180_000, () => (waitedFor().length === 0 ? true : undefined)).catch((error) => {
      throw new Error(`${error.message}, but for ${waitedFor().slice(0, 5)}\n${pair.report()}`);
    });
    await happen(lives, senders, pair, translates);
    await Promise.all(agents.map((agent) => agent.stop()));
    return lives.map((life) => ({
      scenario: life.scenario,
      keepalived: linesOf(life, lines.a),
      holdfast: linesOf(life, lines.b),
    }));
  } finally {
    for (const close of closing) await close();
  }
}

const OWN = [
  `link set eth0 address ${OUR_MAC}`,
  'address add 192.168.4.5/24 dev eth0',
  'address add fe80::5/64 dev eth0 nodad',
];

function place(scenarios: readonly Scenario[], directory: string): Life[] {
  let vrid = 0;
  return scenarios.map((scenario) => {
    const members = scenario.members.map((member) => {
      vrid += 1;
      return { member, vrid, file: join(directory, `file${vrid}`) };
    });
    return { scenario, members, group: members.length > 1 ? `G_${members[0]?.vrid}` : undefined };
  });
}

function configurationOf({ members, group }: Life): string {
  const names = members.map((one) => `  ${nameOf(one)}\n`).join('');
  return (
    (group === undefined ? '' : `vrrp_sync_group ${group} {\n group {\n${names} }\n}\n`) +
    members.map(instanceText).join('')
  );
}

/** The other end of what the agent of a side has. */
const portOf = (side: Side, placed: Placed): string =>
  placed.member.ownLink ? `port${placed.vrid}-${side}` : `port-${side}`;

/** Lines of one life with its members' letters for their names; what is told of every single packet is left out. */
function linesOf({ members, group }: Life, lines: readonly string[]): string[] {
  const letters = new Map(members.map((one, i) => [`INSTANCE "${nameOf(one)}"`, 'AB'[i]]));
  if (group !== undefined) letters.set(`GROUP "${group}"`, 'group');
  return lines.flatMap((line) => {
    const [, subject = '', rest = ''] = /^(\S+ \S+) (.*)$/.exec(line) ?? [];
    const letter = letters.get(subject);
    return letter === undefined || rest.includes('RX_LOWER') ? [] : [`${letter} ${rest}`];
  });
}

/** The steps of all lives, a second each, every life a little later than the one before. */
async function happen(lives: readonly Life[], senders: Senders, pair: Pair, translates: boolean): Promise<void> {
  const all = lives
    .flatMap(({ scenario, members }, i) =>
      scenario.steps.map(({ at, member, happening }) => ({
        at: at + i / lives.length,
        placed: members[member] as Placed,
        happening,
      })),
    )
    .sort((x, y) => x.at - y.at);
  const startedAt = performance.now() + 500;
  const waitUntil = (at: number) => sleep(Math.max(0, startedAt + at * 1000 - performance.now()));
  for (const { at, placed, happening } of all) {
    await waitUntil(at);
    if (happening.type === 'advertisement') send(placed, happening, senders, translates);
    else await inflict(placed, happening, pair);
  }
  await waitUntil(1 + Math.max(...lives.map(({ scenario }) => endOf(scenario))));
}

type Advertised = Extract<Happening, { type: 'advertisement' }>;

function send(placed: Placed, happening: Advertised, senders: Senders, translates: boolean): void {
  for (const side of sides) {
    const heard = translates && TWINS[side] === 'keepalived' ? translated(happening, placed.member) : happening;
    senders.send(portOf(side, placed), frameOf(placed, heard));
  }
}

async function inflict(placed: Placed, happening: Exclude<Happening, Advertised>, pair: Pair): Promise<void> {
  switch (happening.type) {
    case 'file':
      writeFileSync(placed.file, `${happening.value}\n`);
      break;
    case 'carrier': {
      const state = happening.up ? 'up' : 'down';
      await pair.ip('segment', ...sides.map((side) => `link set ${portOf(side, placed)} ${state}`));
      break;
    }
    case 'tracked-link': {
      const state = happening.up ? 'up' : 'down';
      await Promise.all(sides.map((side) => pair.ip(side, `link set ${trackedLinkOf(placed)} ${state}`)));
    }
  }
}

/** Sockets in the namespace between. */
class Senders {
  readonly #pair: Pair;
  readonly #sockets = new Map<string, PacketSocket>();

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  send(port: string, frame: Uint8Array): void {
    let socket = this.#sockets.get(port);
    if (socket === undefined) {
      socket = inNamespace(this.#pair.namespaceOf('segment'), () =>
        PacketSocket.open(native().interfaceIndex(port), 0),
      );
      this.#sockets.set(port, socket);
    }
    try {
      socket.send(frame);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENETDOWN') throw error; // nobody hears it
    }
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}

/** Runs `call` with this thread in a named namespace; what it opens stays there. */
function inNamespace<Value>(name: string, call: () => Value): Value {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const other = openSync(`/run/netns/${name}`, 'r');
  try {
    native().setNamespace(other, CLONE_NEWNET);
    return call();
  } finally {
    native().setNamespace(own, CLONE_NEWNET);
    closeSync(own);
    closeSync(other);
  }
}
