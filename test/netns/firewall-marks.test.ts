/** MarkKeeper on the real kernel, in a network namespace of this test's own process, seen with nft(8). */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MarkKeeper } from '../../src/daemon/mark-keeper.ts';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import type { GroupMember, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { virtualServer } from '../support/servers.ts';
import { ip } from './two-sides.ts';

const nft = (words: string): string =>
  execFileSync('nft', words.split(' '), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';
const listed = (words = 'list ruleset') =>
  nft(words)
    .replace(/\t/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const addresses = (first: string, port: number, last = first): GroupMember => ({
  kind: 'addresses',
  family: first.includes(':') ? 'inet6' : 'inet',
  first: ip(first),
  last: ip(last),
  port,
});
const ofGroup = (name: string, ...members: GroupMember[]): VirtualServer =>
  virtualServer({ target: { kind: 'group', name, index: 0, members } });
const settings = { table: 'keepalived_ipvs', priority: -1, firstMark: 1000 };

let keeper: MarkKeeper;
let said: string[];
let changes: number;

const newKeeper = () =>
  new MarkKeeper({ changed: () => changes++, log: (level, event) => said.push(`${level} ${event}`) });
/** True: the groups have marks. */
async function keep(...servers: VirtualServer[]): Promise<boolean> {
  const served = await keeper.widen(servers, settings);
  await keeper.narrow();
  return served.every(({ target }) => target.kind === 'group' && target.members.every(({ kind }) => kind === 'fwmark'));
}

describe.skipIf(why !== '')(`MarkKeeper on the real kernel${why}`, () => {
  beforeAll(() => {
    native().unshare(CLONE_NEWNET);
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    for (const address of ['192.0.2.1/32', '192.0.2.2/32', '192.0.2.9/32']) {
      execFileSync('ip', ['address', 'add', address, 'dev', 'lo']);
    }
  });

  beforeEach(() => {
    [said, changes] = [[], 0];
    keeper = newKeeper();
  });

  afterEach(async () => {
    await keeper.close();
    nft('flush ruleset');
  });

  it('the tables are keepalived 2.2.7’s, with our comment, and go at the end', async () => {
    const group = ofGroup('G', addresses('192.0.2.1', 8001, '192.0.2.2'), addresses('10.1.0.0', 80, '10.1.0.255'));
    const both = ofGroup('B', addresses('192.0.2.9', 0), addresses('2001:db8::1', 8001, '2001:db8::5'));
    expect(await keep(group, { ...group, protocol: 'UDP' }, both)).toBe(true);
    expect(listed()).toEqual([
      'table ip keepalived_ipvs {',
      'comment "holdfast"',
      'map tcp_map {',
      'type ipv4_addr . inet_service : mark',
      'flags interval',
      'elements = { 192.0.2.1-192.0.2.2 . 8001 : 0x000003e8,',
      '10.1.0.0/24 . 80 : 0x000003e8 }',
      '}',
      'map tcp_all_ports_map {',
      'type ipv4_addr . inet_service : mark',
      'flags interval',
      'elements = { 192.0.2.9 . 0-65535 : 0x000003ea }',
      '}',
      'map udp_map {',
      'type ipv4_addr . inet_service : mark',
      'flags interval',
      'elements = { 192.0.2.1-192.0.2.2 . 8001 : 0x000003e9,',
      '10.1.0.0/24 . 80 : 0x000003e9 }',
      '}',
      'chain in {',
      'type filter hook input priority filter - 1; policy accept;',
      'meta mark set ip daddr . tcp dport map @tcp_map return',
      'meta mark set ip daddr . tcp dport map @tcp_all_ports_map return',
      'meta mark set ip daddr . udp dport map @udp_map return',
      '}',
      '}',
      'table ip6 keepalived_ipvs {',
      'comment "holdfast"',
      'map tcp_map {',
      'type ipv6_addr . inet_service : mark',
      'flags interval',
      'elements = { 2001:db8::1-2001:db8::5 . 8001 : 0x000003ea }',
      '}',
      'chain in {',
      'type filter hook input priority filter - 1; policy accept;',
      'meta mark set ip6 daddr . tcp dport map @tcp_map return',
      '}',
      '}',
    ]);
    await keeper.close();
    expect(listed()).toEqual([]);
  });

  it('packets to the addresses and ports have the mark, and others have none', async () => {
    const group = ofGroup('G', addresses('192.0.2.1', 8001, '192.0.2.2'), addresses('192.0.2.9', 0));
    await keep({ ...group, protocol: 'UDP' });
    nft('add table ip seen');
    nft('add chain ip seen in { type filter hook input priority 0 ; }');
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.9']) {
      nft(`add rule ip seen in ip daddr ${address} udp dport 8001 meta mark 1000 counter`);
    }
    nft('add rule ip seen in udp dport 8002 ip daddr 192.0.2.9 meta mark 1000 counter');
    nft('add rule ip seen in udp dport 8002 ip daddr 192.0.2.1 meta mark 0 counter');
    const socket = createSocket('udp4');
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.9']) {
      for (const port of [8001, 8002]) await new Promise((resolve) => socket.send('x', port, address, resolve));
    }
    socket.close();
    await vi.waitFor(() => expect(nft('list table ip seen').match(/counter packets 1 /g)).toHaveLength(5));
  });

  it('a reload changes elements, cuts ranges in two, and leaves the table as it is', async () => {
    const handle = () => /table ip keepalived_ipvs \{ #.*handle (\d+)/.exec(nft('-a list ruleset'))?.[1];
    await keep(ofGroup('G', addresses('10.0.0.0', 80, '10.0.0.255')));
    const first = handle();
    const narrower = ofGroup('G', addresses('10.0.0.0', 80, '10.0.0.99'), addresses('10.0.0.101', 80, '10.0.0.255'));
    expect(await keep(narrower, ofGroup('H', addresses('10.0.0.100', 80)))).toBe(true);
    expect(nft('list map ip keepalived_ipvs tcp_map')).toMatch(/10\.0\.0\.100 \. 80 : 0x000003e9/);
    expect(handle()).toBe(first);
    expect(said).toEqual([]);
  });

  it('5000 addresses and a network of 2^24 are one transaction', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => addresses(`10.0.${i >> 8}.${i & 255}`, 1 + (i % 2)));
    expect(await keep(ofGroup('G', ...many, addresses('11.0.0.0', 80, '11.255.255.255')))).toBe(true);
    expect(nft('list map ip keepalived_ipvs tcp_map').match(/10\.0\./g)).toHaveLength(5_000);
  });

  it.each(['flush ruleset', 'delete table ip keepalived_ipvs', 'flush chain ip keepalived_ipvs in'])(
    'what others do to it is mended: nft %s',
    async (command) => {
      await keep(ofGroup('G', addresses('192.0.2.1', 80), addresses('2001:db8::1', 80)));
      const before = listed();
      nft(command);
      await vi.waitFor(() => expect(said).toEqual(['warning firewall-marks-mended']));
      expect(listed()).toEqual(before);
    },
  );

  it('a table that somebody else has made stays as it is, and groups have no marks until it is gone', async () => {
    nft('add table ip keepalived_ipvs');
    nft('add chain ip keepalived_ipvs theirs');
    const before = listed();
    expect(await keep(ofGroup('G', addresses('192.0.2.1', 80), addresses('2001:db8::1', 80)))).toBe(false);
    expect(said).toEqual(['error firewall-marks-failed']);
    expect(listed()).toEqual(before);
    nft('delete table ip keepalived_ipvs');
    await vi.waitFor(() => expect(changes).toBe(1), 10_000);
    expect(listed()).toContain('comment "holdfast"');
  });

  it('somebody who takes its place is left alone', async () => {
    await keep(ofGroup('G', addresses('192.0.2.1', 80)));
    execFileSync('nft', ['-f', '-'], {
      input: 'delete table ip keepalived_ipvs\nadd table ip keepalived_ipvs\nadd chain ip keepalived_ipvs theirs\n',
    });
    await vi.waitFor(() => expect(changes).toBe(1));
    await keeper.close();
    expect(listed()).toEqual(['table ip keepalived_ipvs {', 'chain theirs {', '}', '}']);
  });

  it('what a killed process left is taken up', async () => {
    await keep(ofGroup('G', addresses('192.0.2.1', 80)));
    keeper.abandon();
    keeper = newKeeper();
    expect(await keep(ofGroup('G', addresses('192.0.2.2', 80)))).toBe(true);
    expect(listed()).toContain('elements = { 192.0.2.2 . 80 : 0x000003e8 }');
    expect(said).toEqual([]);
  });

  it('the heir puts its table in the place of the old one in one step, and the process before it lets it', async () => {
    await keep(ofGroup('A', addresses('192.0.2.9', 80)), ofGroup('G', addresses('192.0.2.1', 80)));
    const elder = keeper;
    keeper = newKeeper();
    keeper.inherit(elder.estate());
    expect(await keep(ofGroup('G', addresses('192.0.2.1', 80)))).toBe(true);
    expect(listed()).toContain('elements = { 192.0.2.1 . 80 : 0x000003e9 }');
    elder.abandon();
    expect(listed()).toContain('elements = { 192.0.2.1 . 80 : 0x000003e9 }');
    nft('flush ruleset');
    await vi.waitFor(() => expect(said).toEqual(['warning firewall-marks-mended']));
    expect(listed()).toContain('elements = { 192.0.2.1 . 80 : 0x000003e9 }');
  });
});
