/**
 * The files that signals ask for, holdfast beside keepalived with one configuration: the same keys in the same order, and
 * the same values where both were told the same.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SIGNAL_NUMBERS } from '../../src/daemon/signals.ts';
import { until } from '../lab/process.ts';
import { Pair } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

let pair: Pair;

beforeEach(async () => {
  pair = await Pair.build();
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${pair.report()}\n`);
  await pair.close();
});

const CONFIGURATION = `global_defs {
 router_id R1
 script_user root
 enable_script_security
}
vrrp_script chk {
 script "/bin/true"
 interval 1
 weight 2
}
vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 51
 priority 150
 advert_int 1
 authentication {
  auth_type PASS
  auth_pass secret
 }
 virtual_ipaddress {
  10.9.0.100/24 dev eth0 label eth0:1
  10.9.0.101 scope link
 }
 virtual_ipaddress_excluded {
  10.9.0.110/32
 }
 track_interface {
  lo weight 3
 }
 track_script {
  chk
 }
 garp_master_refresh 60
 notify_master "/bin/true master"
 notify_stop "/bin/true 'a b'"
 notify "/bin/true any"
}
vrrp_instance VI_2 {
 version 3
 interface eth0
 virtual_router_id 52
 priority 100
 advert_int 0.5
 nopreempt
 garp_lower_prio_repeat 2
 higher_prio_send_advert true
 virtual_ipaddress {
  fe80::52
  2001:db8::52/64
 }
}
vrrp_instance VI_3 {
 state BACKUP
 interface eth0
 virtual_router_id 53
 priority 10
 preempt_delay 20
 virtual_ipaddress {
  10.9.0.105
 }
}
`;

/** Who is MASTER of VI_3. */
const OTHER = `vrrp_instance VI_3 {
 interface eth0
 virtual_router_id 53
 priority 77
 virtual_ipaddress {
  10.9.0.105
 }
}
`;

interface Instance {
  readonly data: Record<string, unknown>;
  readonly stats: Record<string, number>;
}

/** A directory of its own for dumps: TMPDIR, or in its place as /tmp, where what belongs to the test stays as it was. */
const withOwnTmp = (name: PairAgentName, temporary: string): string[] => {
  if (name === 'holdfast') return ['env', `TMPDIR=${temporary}`];
  const inside = join(temporary, basename(pair.directory));
  mkdirSync(inside, { recursive: true });
  const script = `mount --bind '${pair.directory}' '${inside}' && mount --rbind '${temporary}' /tmp && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
};

/** What an agent writes in the same situation: MASTER of VI_1 and VI_2, BACKUP of the other one's VI_3. */
async function dumped(name: PairAgentName) {
  const temporary = mkdtempSync(join(tmpdir(), 'holdfast-dumps-'));
  try {
    const agent = pair.agent('a', name, CONFIGURATION, withOwnTmp(name, temporary));
    agent.start();
    await agent.says('(VI_1) Entering MASTER STATE');
    await agent.says('(VI_2) Entering MASTER STATE');
    const asked = async <Value>(signal: string, file: string, read: (text: string) => Value | undefined) => {
      const path = join(temporary, file);
      rmSync(path, { force: true });
      agent.signal(SIGNAL_NUMBERS[signal] as number);
      const value = await until(`${name} writes ${file}`, 10_000, () =>
        existsSync(path) ? read(readFileSync(path, 'utf8')) : undefined,
      );
      return { value, mode: statSync(path).mode & 0o777 };
    };
    // keepalived's file can be read before it is complete
    const text = (given: string) =>
      given.split('VRRP Instance').length === 4 && /Sent: \d+\n$/.test(given) ? given : undefined;
    const json = (given: string) => {
      try {
        return JSON.parse(given) as Instance[];
      } catch {
        return undefined;
      }
    };
    const heard = await until(`${name} has heard the other one`, 10_000, async () => {
      const dump = await asked('JSON', 'keepalived.json', json);
      return (dump.value[2]?.stats.advert_rcvd ?? 0) > 0 ? dump : undefined;
    });
    const stats = await asked('STATS', 'keepalived.stats', text);
    const cleared = await asked('STATS_CLEAR', 'keepalived.stats', text);
    const afterwards = await asked('STATS', 'keepalived.stats', text);
    const isWhole = (given: string) =>
      /Priority = 10\n[\s\S]*Notify priority changes = \w+\n/.test(given) ? given : undefined;
    const data = await asked('DATA', 'keepalived.data', isWhole);
    await agent.stop();
    return { data, json: heard, stats, cleared, afterwards };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Numbers that depend on the moment. */
const MOMENTARY = ['last_transition', 'advert_rcvd', 'advert_sent'];

const comparable = (instances: readonly Instance[]) =>
  instances.map(({ data, stats }) =>
    [...Object.entries(data), ...Object.entries(stats)].map(([key, value]) =>
      MOMENTARY.includes(key) ? [key, typeof value] : [key, value],
    ),
  );

/** The lines about virtual routers, without what is of the moment or of keepalived's insides. */
const topology = (text: string) =>
  (/< VRRP Topology >-+\n([\s\S]*?)\n-+</.exec(text)?.[1] ?? '')
    .split('\n')
    .map((line) => line.replace(/^( *(Last transition|Flags|Multicast address [0-9a-f.:]+)).*/, '$1'));

/** The lines of a text with the counters that depend on the moment left out. */
const layout = (text: string) => text.replace(/(Received|Sent): \d+/g, '$1');
const counted = (text: string) => [...text.matchAll(/Became master: (\d+)/g)].map(([, count]) => Number(count));

it('writes what keepalived writes, for the signals that keepalived has', async () => {
  const other = pair.agent('b', 'holdfast', OTHER);
  other.start();
  await other.says('(VI_3) Entering MASTER STATE');
  const theirs = await dumped('keepalived');
  const ours = await dumped('holdfast');
  expect(comparable(ours.json.value)).toEqual(comparable(theirs.json.value));
  expect(layout(ours.stats.value)).toBe(layout(theirs.stats.value));
  expect(counted(ours.cleared.value)).toEqual([1, 1, 0]);
  expect(counted(ours.afterwards.value)).toEqual([0, 0, 0]);
  expect(counted(theirs.afterwards.value)).toEqual([0, 0, 0]);
  const [our, their] = [ours.data.value, theirs.data.value].map(topology);
  // keepalived shows its descriptors and timers too
  expect(their?.filter((line) => our?.includes(line))).toEqual(our);
  for (const word of ['State', 'Wantstate', 'Priority', 'Effective priority']) {
    expect(our?.filter((line) => line.startsWith(`   ${word} = `))).toHaveLength(3);
  }
  for (const dump of ['data', 'json', 'stats', 'cleared'] as const) {
    expect(ours[dump].mode).toBe(0o600);
    expect(theirs[dump].mode).toBe(0o600);
  }
});
