/** The ways in which two routers are configured for the matrix of matrix.test.ts. One line more, and a way more is tested. */

import { frrText } from './frr.ts';
import { ADDRESS, LINK_LOCAL, type Side } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

export interface Setting {
  readonly name: string;
  readonly version: 2 | 3;
  /** Advertisement_Interval in seconds. */
  readonly interval: number;
  /** Of the one that is to be MASTER, and of the other one. */
  readonly high: number;
  readonly low: number;
  /** Whether the higher one takes over when it returns, and how long after its Master_Down_Interval. */
  readonly returns: 'preempts' | 'waits' | 'at once';
  readonly delay?: number;
  /** An address that the MASTER holds. */
  readonly address: string;
  /** Of a side; `directory` is the test's own. */
  text(priority: number, side: Side, agent: PairAgentName, directory: string): string;
  readonly second?: boolean;
  readonly pairs: readonly [PairAgentName, PairAgentName][];
  /** With a file in the test's directory whose number is added to the priority of the higher one. */
  readonly weighs?: string;
}

const VIP = '192.168.4.15';
const INNER_VIP = '10.0.0.15';
const VIPS_6 = ['fe80::15', '2001:db8::15'];
/** Slow enough for a machine that is busy with ten such pairs. */
const FAST = 0.5;

const otherOf = (side: Side): Side => (side === 'a' ? 'b' : 'a');

interface InstanceOptions {
  readonly interval?: number;
  readonly version?: 2 | 3;
  readonly lines?: readonly string[];
  readonly name?: string;
  readonly vrid?: number;
  readonly link?: string;
  readonly addresses?: readonly string[];
}

const instance = (priority: number, options: InstanceOptions = {}): string => {
  const { interval = FAST, version = 3, lines = [], name = 'VI_1', vrid = 50, link = 'eth0' } = options;
  const { addresses = [`${VIP}/24`] } = options;
  return `vrrp_instance ${name} {
 interface ${link}
 virtual_router_id ${vrid}
 version ${version}
 priority ${priority}
 advert_int ${interval}
 ${lines.join('\n ')}
 virtual_ipaddress {
${addresses.map((address) => `  ${address}`).join('\n')}
 }
}
`;
};

const authentication = (type: string) => [`authentication {\n  auth_type ${type}\n  auth_pass forlvs\n }`];

const withKeepalived: Setting['pairs'] = [
  ['holdfast', 'keepalived'],
  ['keepalived', 'holdfast'],
];
const withBoth: Setting['pairs'] = [
  ...withKeepalived,
  ['holdfast', 'frr'],
  ['frr', 'holdfast'],
  ['holdfast', 'holdfast'],
];

const usual = {
  version: 3,
  interval: FAST,
  high: 150,
  low: 100,
  returns: 'preempts',
  address: VIP,
  pairs: withKeepalived,
} as const;

export const settings: readonly Setting[] = [
  {
    ...usual,
    name: 'version 2, no authentication',
    version: 2,
    interval: 1,
    pairs: [['holdfast', 'holdfast']],
    text: (priority) => instance(priority, { version: 2, interval: 1 }),
  },
  {
    ...usual,
    name: 'version 2, PASS',
    version: 2,
    interval: 1,
    text: (priority) => instance(priority, { version: 2, interval: 1, lines: authentication('PASS') }),
  },
  {
    ...usual,
    name: 'version 2, AH',
    version: 2,
    interval: 1,
    text: (priority) => instance(priority, { version: 2, interval: 1, lines: authentication('AH') }),
  },
  {
    ...usual,
    name: 'version 3, IPv4',
    pairs: withBoth,
    text: (priority, _, agent) => (agent === 'frr' ? frrText(priority, FAST, [VIP], '') : instance(priority)),
  },
  {
    ...usual,
    name: 'version 3, IPv6',
    pairs: withBoth,
    address: VIPS_6[1] as string,
    text: (priority, side, agent) =>
      agent === 'frr'
        ? frrText(priority, FAST, VIPS_6, LINK_LOCAL[side])
        : instance(priority, { addresses: VIPS_6.map((address) => `${address}/64`) }),
  },
  {
    ...usual,
    name: 'unicast',
    text: (priority, side) =>
      instance(priority, {
        lines: [`unicast_src_ip ${ADDRESS[side]}`, `unicast_peer {\n  ${ADDRESS[otherOf(side)]}\n }`],
      }),
  },
  {
    ...usual,
    name: 'a sync group',
    second: true,
    text: (priority) =>
      `vrrp_sync_group G {\n group {\n  V1\n  V2\n }\n}\n` +
      instance(priority, { name: 'V1' }) +
      instance(priority, { name: 'V2', vrid: 51, link: 'eth1', addresses: [`${INNER_VIP}/24`] }),
  },
  { ...usual, name: 'use_vmac', text: (priority) => instance(priority, { lines: ['use_vmac'] }) },
  {
    ...usual,
    name: 'preempt_delay',
    delay: 1.7,
    text: (priority) => instance(priority, { lines: priority === usual.high ? ['preempt_delay 1.7'] : [] }),
  },
  { ...usual, name: 'nopreempt', returns: 'waits', text: (priority) => instance(priority, { lines: ['nopreempt'] }) },
  {
    ...usual,
    name: 'priority 255',
    high: 255,
    returns: 'at once',
    text: (priority) => instance(priority, { lines: priority === 255 ? ['state MASTER'] : [] }),
  },
  {
    ...usual,
    name: 'a weight',
    weighs: 'number',
    text: (priority, _, __, directory) =>
      `track_file number {\n file ${directory}/number\n}\n` +
      instance(priority, { lines: priority === usual.high ? ['track_file {\n  number weight 1\n }'] : [] }),
  },
];
