import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import {
  describeStep,
  type HostAddress,
  type HostState,
  type HostWish,
  missingInterfaces,
  planDown,
  planUp,
} from '../../src/ipvs/real-server-host.ts';

const VIP = '192.168.4.15' as IpAddress;
const OTHER = '192.168.4.16' as IpAddress;
const V6 = 'fd00::15' as IpAddress;
const dr: HostWish = { mode: 'dr', virtualAddresses: [VIP] };
const tun: HostWish = { mode: 'tun', virtualAddresses: [VIP] };

const names = (device: string) =>
  ['all', device].flatMap((place) => ['arp_ignore', 'arp_announce'].map((what) => `net.ipv4.conf.${place}.${what}`));

const host = (
  addresses: readonly HostAddress[] = [],
  values: Record<string, string> = {},
  tunnel = false,
): HostState => ({
  addresses,
  sysctls: new Map([
    ...[...names('lo'), ...names('tunl0'), 'net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.tunl0.rp_filter'].map(
      (name) => [name, '0'] as const,
    ),
    ...Object.entries(values),
  ]),
  links: new Map([['lo', true], ['eth0', true], ...(tunnel ? ([['tunl0', false]] as const) : [])]),
});

const on = (device: string, address: IpAddress, protocol?: number): HostAddress => ({
  interface: device,
  address,
  prefixLength: 32,
  protocol,
});
const SET = { ...Object.fromEntries(names('lo').map((name) => [name, name.endsWith('ignore') ? '1' : '2'])) };
const texts = (steps: ReturnType<typeof planUp>) => steps.map(describeStep);

describe('a real server behind DR', () => {
  it('answers no ARP for the virtual IP before it has it on lo (networking/ip-sysctl "arp_ignore")', () => {
    expect(texts(planUp(dr, host()))).toEqual([
      'sysctl net.ipv4.conf.all.arp_ignore=1 (was 0)',
      'sysctl net.ipv4.conf.all.arp_announce=2 (was 0)',
      'sysctl net.ipv4.conf.lo.arp_ignore=1 (was 0)',
      'sysctl net.ipv4.conf.lo.arp_announce=2 (was 0)',
      'ip address add 192.168.4.15/32 dev lo',
    ]);
  });

  it('that is ready needs nothing, whoever made it so and however strict it is', () => {
    expect(planUp(dr, host([on('lo', VIP)], { ...SET, 'net.ipv4.conf.all.arp_ignore': '8' }))).toEqual([]);
  });

  it('has an address of IPv6 on lo, which needs no sysctl', () => {
    expect(texts(planUp({ mode: 'dr', virtualAddresses: [V6] }, host()))).toEqual([
      'ip address add fd00::15/128 dev lo',
    ]);
  });

  it('goes back to what was when the last address of ours goes', () => {
    const state = host([on('lo', VIP, 18)], SET);
    expect(texts(planDown(dr, state, { 'net.ipv4.conf.all.arp_ignore': '0' }))).toEqual([
      'ip address del 192.168.4.15/32 dev lo',
      'sysctl net.ipv4.conf.all.arp_ignore=0 (was 1)',
    ]);
  });

  it('keeps the sysctls as long as another address of ours is there', () => {
    const state = host([on('lo', VIP, 18), on('lo', OTHER, 18)], SET);
    expect(texts(planDown(dr, state, { 'net.ipv4.conf.all.arp_ignore': '0' }))).toEqual([
      'ip address del 192.168.4.15/32 dev lo',
    ]);
  });

  it('leaves what is not ours: an address by hand, a sysctl that somebody changed since', () => {
    const state = host([on('lo', VIP)], { ...SET, 'net.ipv4.conf.all.arp_ignore': '2' });
    expect(planDown(dr, state, { 'net.ipv4.conf.all.arp_ignore': '0' })).toEqual([]);
  });
});

describe('a real server behind TUN', () => {
  it('takes packets from the tunnel whose clients are elsewhere (networking/ip-sysctl "rp_filter")', () => {
    const steps = texts(planUp(tun, host([], { 'net.ipv4.conf.all.rp_filter': '2' }, true)));
    expect(steps).toContain('sysctl net.ipv4.conf.all.rp_filter=0 (was 2)');
    expect(steps.slice(-2)).toEqual(['ip link set tunl0 up', 'ip address add 192.168.4.15/32 dev tunl0']);
  });

  it('switches the tunnel on once for many addresses', () => {
    const steps = texts(planUp({ mode: 'tun', virtualAddresses: [VIP, OTHER] }, host([], {}, true)));
    expect(steps.filter((text) => text === 'ip link set tunl0 up')).toHaveLength(1);
  });

  it('needs the tunnels of the kernel', () => {
    expect(missingInterfaces({ mode: 'tun', virtualAddresses: [VIP, V6] }, host())).toEqual(['tunl0', 'ip6tnl0']);
    expect(missingInterfaces(tun, host([], {}, true))).toEqual([]);
    expect(missingInterfaces(dr, host())).toEqual([]);
  });
});
