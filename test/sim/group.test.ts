/**
 * Sync groups of many random LANs in virtual time. A failure names its seed; SIM_SEEDS and SIM_SEED as in election.test.ts.
 */
import { describe, it } from 'vitest';
import { milliseconds, scale, seconds, ZERO } from '../../src/base/time.ts';
import { config as exampleConfig } from '../vrrp/example.ts';
import { GroupLan, type GroupNode } from './group-lan.ts';
import { lanAddress } from './lan.ts';
import { Random } from './random.ts';

const only = process.env.SIM_SEED;
const count = Number(process.env.SIM_SEEDS ?? 300);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];

function randomLan(random: Random): GroupLan {
  const lan = new GroupLan(random);
  const segments = random.integer(2, 3);
  const interval = random.pick([milliseconds(100), seconds(1)]);
  const ownPriorities = random.chance(0.5);
  for (let n = 0; n < random.integer(2, 3); n++) {
    const priority = random.integer(1, 254);
    const preemptMode = random.chance(0.7);
    const configs = Array.from({ length: segments }, (_, segment) =>
      exampleConfig({
        version: 3,
        advertisementInterval: interval,
        priority: ownPriorities ? random.integer(1, 254) : priority,
        localAddress: lanAddress(segment * 10 + n + 1),
        preemptMode,
        preemptDelay: random.pick([ZERO, ZERO, seconds(1)]),
      }),
    );
    lan.add(configs);
  }
  return lan;
}

/** Long enough for every member to have waited several times. */
function settle(lan: GroupLan): void {
  const interval = lan.nodes[0]?.members[0]?.config.advertisementInterval ?? seconds(1);
  lan.run(scale(interval, 60));
  lan.run(seconds(2));
  const usable = lan.nodes.filter(isUsable);
  const masters = lan.masters();
  if (masters.length !== (usable.length > 0 ? 1 : 0)) {
    lan.fail(`masters: [${masters.map(({ name }) => name)}] of [${usable.map(({ name }) => name)}]`);
  }
  const { changes } = lan;
  lan.run(scale(interval, 20));
  if (lan.changes !== changes) lan.fail('it does not come to rest');
}

const isUsable = (node: GroupNode): boolean => node.up && node.members.every(({ isConnected }) => isConnected);

const disturbances: readonly ((lan: GroupLan, node: GroupNode, random: Random) => void)[] = [
  (lan, node) => (node.up ? lan.crash(node) : lan.start(node)),
  (lan, node) => (node.up ? lan.stop(node) : lan.start(node)),
  (lan, node, random) => {
    const segment = random.integer(0, node.members.length - 1);
    lan.plug(node, segment, !node.members[segment]?.isConnected);
  },
];

function everySeed(live: (lan: GroupLan, random: Random) => void): void {
  for (const seed of seeds) {
    const random = new Random(seed);
    const lan = randomLan(random);
    try {
      for (const node of lan.nodes) lan.start(node);
      settle(lan);
      live(lan, random);
    } catch (error) {
      const repeat = `SIM_SEED=${seed} npx vitest run --project unit test/sim/group.test.ts`;
      throw new Error(`seed ${seed}, repeat with: ${repeat}\n${(error as Error).message}`, { cause: error });
    }
  }
}

describe(`${seeds.length} random LANs of two or three nodes with a sync group on two or three segments`, () => {
  it('after single faults: one node is MASTER of everything, and no member is MASTER without its mates', () => {
    everySeed((lan, random) => {
      for (let i = 0; i < 6; i++) {
        random.pick(disturbances)(lan, random.pick(lan.nodes), random);
        settle(lan);
      }
    });
  }, 600_000);

  it('after a storm of faults, loss and split segments: one MASTER once all is repaired', () => {
    everySeed((lan, random) => {
      for (let i = 0; i < 30; i++) {
        lan.loss = random.next() * 0.6;
        if (random.chance(0.3)) {
          const segment = random.integer(0, 1);
          for (const node of lan.nodes) node.sides[segment] = random.integer(0, 1);
        } else random.pick(disturbances)(lan, random.pick(lan.nodes), random);
        lan.run(milliseconds(random.integer(0, 2_000)));
      }
      lan.loss = 0;
      for (const node of lan.nodes) {
        node.sides.fill(0);
        for (const [segment, member] of node.members.entries()) if (!member.isConnected) lan.plug(node, segment, true);
        if (!node.up) lan.start(node);
      }
      settle(lan);
    });
  }, 600_000);
});
