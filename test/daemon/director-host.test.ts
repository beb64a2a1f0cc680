import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type Configured, examineDirector, type HostFacts } from '../../src/daemon/director-host.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const instance: Configured['instances'][number] = {
  name: 'VI_1',
  interface: 'eth0',
  unicastPeers: [],
  virtualAddresses: [{ address: '192.168.4.15' as IpAddress, prefixLength: 24, interface: 'eth0', scope: 0 }],
  virtualRoutes: [],
  virtualRules: [],
};
const direct = virtualServer({ realServers: [realServer({ forwardingMethod: 'direct-route' })] });
const configured: Configured = { instances: [instance], virtualServers: [direct] };

const link = { up: true, running: true, multicast: true };
const facts = (different: Partial<HostFacts> & { sysctls?: Record<string, string> } = {}): HostFacts => ({
  sysctl: (name) => different.sysctls?.[name],
  links: new Map([['eth0', link]]),
  addresses: [],
  whyNoIpvs: undefined,
  missingSchedulers: [],
  ruleset: '',
  processes: new Set(),
  hasAgent: false,
  ...different,
});

/** What is not right, by check. */
const wrong = (given: Configured, different: Parameters<typeof facts>[0] = {}) =>
  examineDirector(given, facts(different)).flatMap(({ severity, check, message }) =>
    severity === 'ok' ? [] : [`${severity} ${check}: ${message}`],
  );

describe('holdfast doctor', () => {
  it('has nothing to say against a host that is fit, and says what it looked at', () => {
    expect(examineDirector(configured, facts()).map(({ severity, check }) => `${severity} ${check}`)).toEqual([
      'ok interface',
      'ok other-agent',
      'ok ipvs',
      'ok packet-filter',
    ]);
  });

  it('names interfaces that are not there, down, without carrier or without multicast', () => {
    const withLink = (different: Partial<typeof link>) =>
      wrong(configured, { links: new Map([['eth0', { ...link, ...different }]]) });
    expect(wrong(configured, { links: new Map() })).toEqual([
      'error interface: there is no interface eth0: VI_1 will be in FAULT',
    ]);
    expect(withLink({ up: false })).toEqual(['error interface: interface eth0 is down: VI_1 will be in FAULT']);
    expect(withLink({ running: false })).toEqual([
      'error interface: interface eth0 has no carrier: VI_1 will be in FAULT',
    ]);
    expect(withLink({ multicast: false })).toEqual([
      'error interface: interface eth0 does not do multicast, which VI_1 advertises by',
    ]);
    const peer = { address: '192.168.4.6' as IpAddress } as Configured['instances'][number]['unicastPeers'][number];
    const unicast = { ...configured, instances: [{ ...instance, unicastPeers: [peer] }] };
    expect(wrong(unicast, { links: new Map([['eth0', { ...link, multicast: false }]]) })).toEqual([]);
  });

  it('names another agent, and virtual addresses that are not ours', () => {
    expect(wrong(configured, { processes: new Set(['keepalived', 'sshd']) })).toEqual([
      'error other-agent: keepalived runs on this host: both would hold addresses and write the IPVS table',
    ]);
    const address = '192.168.4.15' as IpAddress;
    expect(wrong(configured, { addresses: [{ interface: 'eth0', address, isOurs: false }] })).toEqual([
      'error foreign-address: 192.168.4.15, a virtual address of VI_1, is on eth0 already, and not by us: ' +
        'this node answers for it whoever is MASTER',
    ]);
    expect(wrong(configured, { addresses: [{ interface: 'eth0', address, isOurs: true }], hasAgent: true })).toEqual(
      [],
    );
  });

  it('NAT needs forwarding, and no redirects', () => {
    const nat: Configured = { instances: [instance], virtualServers: [virtualServer()] };
    expect(wrong(nat, { sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv4.conf.eth0.send_redirects': '1' } })).toEqual([
      'error forwarding: net.ipv4.ip_forward is off: with NAT no answer of a real server passes',
      'warning redirects: net.ipv4.conf.eth0.send_redirects is 1: with NAT on one network the director tells real servers ' +
        'to answer clients directly, past it',
    ]);
    expect(wrong(nat, { sysctls: { 'net.ipv4.ip_forward': '1' } })).toEqual([]);
    expect(wrong(configured, { sysctls: { 'net.ipv4.ip_forward': '0' } })).toEqual([]);
    const six = virtualServer({ realServers: [realServer({ address: 'fd00::1' as IpAddress })] });
    expect(wrong({ instances: [], virtualServers: [six] })).toEqual([
      'error forwarding: net.ipv6.conf.all.forwarding is off: with NAT no answer of a real server passes',
    ]);
  });

  it('names a kernel without IPVS or without a scheduler, where there are virtual servers', () => {
    expect(wrong(configured, { whyNoIpvs: 'this kernel has no IPVS' })).toEqual([
      'error ipvs: this kernel has no IPVS',
    ]);
    expect(wrong({ instances: [], virtualServers: [] }, { whyNoIpvs: 'this kernel has no IPVS' })).toEqual([]);
    expect(wrong(configured, { missingSchedulers: ['wrr'] })).toEqual([
      'error scheduler: the kernel has no scheduler wrr, which 192.168.4.15:80/TCP asks for',
    ]);
  });

  it('names a packet filter that drops VRRP, and not one that lets it pass', () => {
    const chain = (rule: string) => `chain input {\n type filter hook input priority filter; policy drop;\n ${rule}\n}`;
    const dropped = wrong(configured, { ruleset: chain('tcp dport 22 accept') });
    expect(dropped).toEqual([
      expect.stringMatching(/^error packet-filter: .* this node hears nobody and becomes MASTER$/),
    ]);
    for (const rule of ['meta l4proto 112 accept', 'ip protocol vrrp accept', 'ip protocol 112 accept']) {
      expect(wrong(configured, { ruleset: chain(rule) })).toEqual([]);
    }
    const accepting = 'chain input {\n type filter hook input priority filter; policy accept;\n}';
    expect(wrong(configured, { ruleset: accepting })).toEqual([]);
    expect(wrong(configured, { ruleset: undefined })).toEqual([
      'note packet-filter: nft cannot be asked: whether a packet filter lets VRRP pass is not known',
    ]);
  });

  it('names firewall marks that nobody sets', () => {
    const marked = virtualServer({ target: { kind: 'fwmark', fwmark: 7 } });
    const given = { instances: [], virtualServers: [{ ...marked, realServers: direct.realServers }] };
    expect(wrong(given)).toEqual([
      'warning fwmark: no rule of nft sets the firewall mark 7, which a virtual server is for',
    ]);
    for (const ruleset of ['meta mark set 0x00000007', 'meta mark set 7', 'mark set 0x7']) {
      expect(wrong(given, { ruleset })).toEqual([]);
    }
    expect(wrong(given, { ruleset: 'meta mark set 0x00000070' })).toHaveLength(1);
  });
});
