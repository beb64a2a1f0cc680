/** NftablesClient on the real kernel, in a network namespace of this test's own process, seen with nft(8). */

import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import type { NetlinkError } from '../../src/io/netlink-error.ts';
import { NftablesClient } from '../../src/io/nftables-client.ts';
import { type Firewall, firewallTables } from '../../src/vrrp/firewall.ts';
import { ip } from './two-sides.ts';

const nft = (words: string): string =>
  execFileSync('nft', words.split(' '), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const run = (command: string) => execFileSync('ip', command.split(' '), { encoding: 'utf8' });
const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';
const indexOf = (name: string): number => native().interfaceIndex(name);

let client: NftablesClient;

const options = { table: 'holdfast', priority: -1, counters: false, duplicates: true };
const apply = (firewall: Partial<Firewall>, more: Partial<typeof options> = {}) =>
  client.apply(firewallTables({ refused: [], virtualMacs: [], ...firewall }, { ...options, ...more }));
const refused = (...addresses: string[]) =>
  addresses.map((address) => ({ address: ip(address), interfaceIndex: indexOf('v0') }));
const listed = () =>
  nft('list ruleset')
    .replace(/ # progname .*$/gm, '')
    .replace(/\t/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

describe.skipIf(why !== '')(`NftablesClient on the real kernel${why}`, () => {
  beforeAll(() => {
    native().unshare(CLONE_NEWNET);
    run('link set lo up');
  });

  beforeEach(() => {
    run('link add v0 address 02:00:00:00:00:01 type veth peer name v1');
    run('link add link v0 name vrrp.51 address 00:00:5e:00:01:33 type macvlan mode private');
    run('link add link v0 name vrrp.52 address 00:00:5e:00:02:34 type macvlan mode private');
    client = NftablesClient.open();
  });

  afterEach(() => {
    client.close();
    nft('flush ruleset');
    run('link delete v0');
  });

  it('drops what is sent to and from addresses that are held but not answered for', async () => {
    await apply({ refused: refused('192.0.2.15', 'fe80::15', '2001:db8::15') });
    expect(listed()).toEqual([
      'table ip holdfast {',
      'flags owner',
      'set vips {',
      'type ipv4_addr',
      'elements = { 192.0.2.15 }',
      '}',
      'chain in {',
      'type filter hook input priority filter - 1; policy accept;',
      'ip daddr @vips drop',
      '}',
      'chain out {',
      'type filter hook output priority filter - 1; policy accept;',
      'ip saddr @vips drop',
      '}',
      '}',
      'table ip6 holdfast {',
      'flags owner',
      'set vips {',
      'type ipv6_addr',
      'elements = { 2001:db8::15 }',
      '}',
      'set neighbor-discovery {',
      'type icmpv6_type',
      'flags constant',
      'elements = { nd-neighbor-solicit,',
      'nd-neighbor-advert }',
      '}',
      'set vips_link_local {',
      'type ipv6_addr . iface_index',
      'elements = { fe80::15 . "v0" }',
      '}',
      'chain in_link_local {',
      'ip6 daddr . iif @vips_link_local drop',
      '}',
      'chain out_link_local {',
      'ip6 saddr . oif @vips_link_local drop',
      '}',
      'chain in {',
      'type filter hook input priority filter - 1; policy accept;',
      'icmpv6 type @neighbor-discovery accept',
      'ip6 daddr fe80::/10 goto in_link_local',
      'ip6 daddr @vips drop',
      '}',
      'chain out {',
      'type filter hook output priority filter - 1; policy accept;',
      'icmpv6 type @neighbor-discovery accept',
      'ip6 saddr fe80::/10 goto out_link_local',
      'ip6 saddr @vips drop',
      '}',
      '}',
    ]);
  });

  it('sends reports of groups out of the interface below a virtual MAC', async () => {
    const virtualMacs = [
      { interfaceIndex: indexOf('vrrp.51'), lower: indexOf('v0'), family: 'inet' },
      { interfaceIndex: indexOf('vrrp.52'), lower: indexOf('v0'), family: 'inet6' },
    ] as const;
    await apply({ virtualMacs });
    expect(listed()).toEqual([
      'table ip holdfast {',
      'flags owner',
      'map vmac_map {',
      'type iface_index : iface_index',
      'elements = { "vrrp.51" : "v0" }',
      '}',
      'chain out {',
      'type filter hook output priority filter - 1; policy accept;',
      'ip protocol igmp dup to ip daddr device oif map @vmac_map drop',
      '}',
      '}',
      'table ip6 holdfast {',
      'flags owner',
      'map vmac_map {',
      'type iface_index : iface_index',
      'elements = { "vrrp.52" : "v0" }',
      '}',
      'set vmac_set {',
      'type iface_index',
      'elements = { "vrrp.52" }',
      '}',
      'set listener-reports {',
      'type icmpv6_type',
      'flags constant',
      'elements = { mld-listener-report,',
      'mld-listener-done,',
      'mld2-listener-report }',
      '}',
      'chain out {',
      'type filter hook output priority filter - 1; policy accept;',
      'icmpv6 type @listener-reports dup to ip6 daddr device oif map @vmac_map drop',
      'icmpv6 type nd-router-solicit oif @vmac_set drop',
      '}',
      '}',
    ]);
    await apply({ virtualMacs }, { duplicates: false, counters: true });
    const rules = listed();
    expect(rules.find((line) => line.includes('igmp'))).toMatch(/counter packets \d+ bytes \d+ drop$/);
    expect(rules.join()).not.toContain('dup to');
  });

  it('a packet to a refused address is dropped, and answered again as soon as it is not refused', async () => {
    run('address add 192.0.2.15/24 dev lo');
    const ping = () => execFileSync('ping', ['-c', '1', '-W', '1', '192.0.2.15'], { encoding: 'utf8' });
    expect(ping()).toContain('1 received');
    await apply({ refused: refused('192.0.2.15') });
    expect(ping).toThrow();
    await apply({ refused: refused('192.0.2.16') });
    expect(ping()).toContain('1 received');
    run('address delete 192.0.2.15/24 dev lo');
  });

  it('changes elements without making the table anew, and makes it anew where more differs', async () => {
    const handle = () => /table ip holdfast \{ #.*handle (\d+)/.exec(nft('-a list ruleset'))?.[1];
    await apply({ refused: refused('192.0.2.15', '192.0.2.16') });
    const first = handle();
    await apply({ refused: refused('192.0.2.16', '192.0.2.17') });
    expect(listed()).toContain('elements = { 192.0.2.16, 192.0.2.17 }');
    expect(handle()).toBe(first);
    await apply({ refused: refused('192.0.2.16') }, { counters: true });
    expect(listed()).toContain('elements = { 192.0.2.16 }');
    expect(handle()).not.toBe(first);
    await apply({});
    expect(listed()).toEqual([]);
  });

  it('2000 addresses are one transaction', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    await apply({ refused: refused(...many) });
    expect(nft('list set ip holdfast vips').match(/10\.0\./g)).toHaveLength(2_000);
  });

  it('nobody else can take the tables away, and they go with us', async () => {
    await apply({ refused: refused('192.0.2.15') });
    nft('flush ruleset');
    expect(() => nft('delete table ip holdfast')).toThrow('Operation not permitted');
    expect(listed()).toContain('elements = { 192.0.2.15 }');
    const other = NftablesClient.open();
    await expect(
      other.apply(firewallTables({ refused: refused('192.0.2.16'), virtualMacs: [] }, options)),
    ).rejects.toMatchObject({
      code: 'EPERM',
    });
    other.close();
    client.close();
    await vi.waitFor(() => expect(listed()).toEqual([]));
  });

  it('takes the place of tables that somebody left behind', async () => {
    nft('add table ip holdfast');
    nft('add chain ip holdfast old');
    await apply({ refused: refused('192.0.2.15') });
    expect(listed()).not.toContain('chain old {');
    expect(listed()).toContain('elements = { 192.0.2.15 }');
  });

  it('removes a table that is there, and knows whether it is', async () => {
    const table = { family: 'inet', name: 'holdfast' } as const;
    expect(await client.has(table)).toBe(false);
    nft('add table ip holdfast');
    nft('add table ip6 holdfast');
    expect(await client.has(table)).toBe(true);
    await client.remove(table);
    expect(await client.has(table)).toBe(false);
    expect(listed()).toEqual(['table ip6 holdfast {', '}']);
  });

  it('a change that the kernel refuses leaves everything as it was', async () => {
    await apply({ refused: refused('192.0.2.15') });
    const before = listed();
    const [table] = firewallTables({ refused: refused('192.0.2.16'), virtualMacs: [] }, { ...options, counters: true });
    const [chain] = table?.chains ?? [];
    if (table === undefined || chain === undefined) throw new Error('no table');
    const unknown = [{ type: 'other', name: 'unheard-of', attributes: new Uint8Array(0) }] as const;
    const broken = { ...table, chains: [...table.chains, { ...chain, name: 'broken', rules: [unknown] }] };
    await expect(client.apply([broken])).rejects.toMatchObject({
      code: 'ENOENT',
      purpose: 'making a rule of the chain broken of the table holdfast',
    });
    expect(listed()).toEqual(before);
    await apply({ refused: refused('192.0.2.17') });
    expect(listed()).toContain('elements = { 192.0.2.17 }');
  });

  describe('where tables cannot be owned', () => {
    const mended: (NetlinkError | undefined)[] = [];

    beforeEach(() => {
      client.close();
      client = NftablesClient.open({ owned: false });
      mended.length = 0;
      client.onMended((outcome) => mended.push(outcome));
    });

    it.each([
      'delete table ip holdfast',
      'flush ruleset',
      'flush chain ip holdfast in',
      'delete element ip holdfast vips { 192.0.2.15 }',
    ])('what others do to them is mended: nft %s', async (command) => {
      await apply({ refused: refused('192.0.2.15', '192.0.2.16') });
      const before = listed();
      expect(before).not.toContain('flags owner');
      nft(command);
      await vi.waitFor(() => expect(mended).toEqual([undefined]));
      expect(listed()).toEqual(before);
    });

    it('what others do elsewhere is nothing to us', async () => {
      await apply({ refused: refused('192.0.2.15') });
      nft('add table ip other');
      nft('add table ip6 holdfast');
      nft('delete table ip6 holdfast');
      await apply({ refused: refused('192.0.2.16') });
      expect(mended).toEqual([]);
      expect(listed()).toContain('elements = { 192.0.2.16 }');
    });
  });
});
