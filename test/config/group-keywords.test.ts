/** virtual_server_group: its lines, and the virtual servers that use it, as keepalived 2.2.7 has them. */
import { describe, expect, it } from 'vitest';
import { read, said } from './reading.ts';

const group = (...lines: string[]) => `virtual_server_group web {\n${lines.join('\n')}\n}\n`;
const user = (kind: string, servers: readonly string[], ...lines: string[]) =>
  [
    'virtual_server group web {',
    'lb_algo rr',
    `lb_kind ${kind}`,
    ...lines,
    ...servers.flatMap((server) => [`real_server ${server} {`, '}']),
    '}',
    '',
  ].join('\n');
const membersOf = (text: string) => read(text).configuration.virtualServerGroups[0]?.members;
const serversOf = (text: string) => read(text).configuration.virtualServers;

const addresses = (family: 'inet' | 'inet6', first: string, last: string, port: number) => ({
  kind: 'addresses',
  family,
  first,
  last,
  port,
});

describe('a line of virtual_server_group', () => {
  it.each([
    ['10.0.0.1', addresses('inet', '10.0.0.1', '10.0.0.1', 0)],
    ['10.0.0.1 80', addresses('inet', '10.0.0.1', '10.0.0.1', 80)],
    ['10.0.0.1 00', addresses('inet', '10.0.0.1', '10.0.0.1', 0)],
    ['10.0.0.1-9 80', addresses('inet', '10.0.0.1', '10.0.0.9', 80)],
    ['10.0.0.250-10.0.1.5 80', addresses('inet', '10.0.0.250', '10.0.1.5', 80)],
    ['10.0.0.0/29 80', addresses('inet', '10.0.0.0', '10.0.0.7', 80)],
    ['10.0.0.1/32', addresses('inet', '10.0.0.1', '10.0.0.1', 0)],
    ['FD00::A 80', addresses('inet6', 'fd00::a', 'fd00::a', 80)],
    ['fd00::9-f 80', addresses('inet6', 'fd00::9', 'fd00::f', 80)],
    ['fd00::1-fd00::1:2', addresses('inet6', 'fd00::1', 'fd00::1:2', 0)],
    ['fd00::/120 80', addresses('inet6', 'fd00::', 'fd00::ff', 80)],
    ['fwmark 7', { kind: 'fwmark', fwmark: 7 }],
    ['fwmark 7 inet6', { kind: 'fwmark', fwmark: 7, family: 'inet6' }],
  ])('reads %s', (line, member) => {
    expect(said(group(line))).toEqual([]);
    expect(membersOf(group(line))).toEqual([member]);
  });

  it.each([
    ['10.0.0.256 80', "2:1 error: expected an IP address, got '10.0.0.256'; the line is left out"],
    ['10.0.0.1 65536', "2:10 error: expected an integer from 1 to 65535, got '65536'; the line is left out"],
    ['10.0.0.5-5', '2:1 error: the range 10.0.0.5-5 ends where it begins, or before; the line is left out'],
    ['10.0.0.5-256', "2:1 error: expected a number up to 255 after the dash, got '256'; the line is left out"],
    ['fd00::5-10000', "2:1 error: expected hex digits up to ffff after the dash, got '10000'; the line is left out"],
    ['10.0.0.5-10.0.0.4', '2:1 error: the range 10.0.0.5-10.0.0.4 ends before it begins; the line is left out'],
    ['10.0.0.1/24', '2:1 error: 10.0.0.1/24 is an address in a network, not one; the line is left out'],
    ['10.0.0.0/33', "2:1 error: '33' is no length of a prefix; the line is left out"],
    ['fwmark 1 INET', "2:10 error: expected inet or inet6, got 'INET'; the line is left out; write inet"],
  ])('says what is wrong with %s', (line, message) => {
    expect(said(group(line))).toEqual([message]);
    expect(membersOf(group(line))).toBeUndefined();
    expect(membersOf(group(line, '10.0.0.1 80'))).toHaveLength(1);
    expect(read(group(line)).exitCode).toBe(5);
  });

  it('with a mark that is missing is where keepalived gives up', () => {
    expect(read(group('fwmark')).exitCode).toBe(2);
  });
});

describe('virtual_server_group', () => {
  it('needs a name, one, and an entry', () => {
    expect(read('virtual_server_group {\n10.0.0.1\n}\n').exitCode).toBe(2);
    expect(read('virtual_server_group a b {\n10.0.0.1\n}\n').exitCode).toBe(2);
    expect(said(group())).toEqual(['1:1 warning: the group has no entries; it is left out']);
  });

  it('of both families needs the family of each mark', () => {
    expect(said(group('10.0.0.1 80', 'fd00::1 80', 'fwmark 3'))).toEqual([
      '1:1 error: group web has both families, so its marks must say which; it is left out; write inet or inet6 after each fwmark',
    ]);
    expect(said(group('10.0.0.1 80', 'fd00::1 80', 'fwmark 3 inet'))).toEqual([]);
  });

  it('may stand after its users; of two of a name the first counts', () => {
    const text = user('NAT', ['10.0.0.2 80'], 'protocol TCP') + group('10.0.0.1 80') + group('10.0.0.9 80');
    expect(serversOf(text)).toMatchObject([{ id: '[web]:0', target: { members: [{ first: '10.0.0.1' }] } }]);
    expect(read(text).exitCode).toBe(0);
  });
});

describe('a virtual server of a group', () => {
  it('knows its group and the how manieth it is', () => {
    const text =
      group('10.0.0.1 80') +
      user('NAT', ['10.0.0.2 80'], 'protocol TCP') +
      user('NAT', ['10.0.0.2 80'], 'protocol UDP');
    const members = [addresses('inet', '10.0.0.1', '10.0.0.1', 80)];
    expect(serversOf(text)).toMatchObject([
      { id: '[web]:0', target: { kind: 'group', name: 'web', index: 0, members }, family: 'inet', protocol: 'TCP' },
      { id: '[web]:1', target: { kind: 'group', name: 'web', index: 1, members }, family: 'inet', protocol: 'UDP' },
    ]);
  });

  it('of both families has tunnels only; otherwise it is left out, of which keepalived says nothing in its test', () => {
    const both = group('10.0.0.1 80', 'fd00::1 80');
    const tunnels = both + user('TUN', ['10.0.0.2 80', 'fd00::2 80'], 'protocol TCP');
    expect(said(tunnels)).toEqual([]);
    expect(serversOf(tunnels)[0]).not.toHaveProperty('family');
    const nat = both + user('NAT', ['10.0.0.2 80'], 'protocol TCP');
    expect(said(nat)).toEqual([
      '5:1 error: virtual_server group web is for inet only, and its group has both families; it is left out',
    ]);
    expect(read(nat).exitCode).toBe(0);
    expect(serversOf(nat)).toEqual([]);
  });

  it('of the other family than its servers is left out, unless they are reached through tunnels', () => {
    const six = group('fd00::1 80');
    expect(said(six + user('NAT', ['10.0.0.2 80'], 'protocol TCP'))).toEqual([
      '4:1 error: virtual_server group web is for inet, and its group for inet6; it is left out',
    ]);
    expect(serversOf(six + user('TUN', ['10.0.0.2 80'], 'protocol TCP'))).toMatchObject([{ family: 'inet6' }]);
  });

  it('of marks has no protocol, of addresses one', () => {
    const marks = group('fwmark 1') + user('NAT', ['10.0.0.2 80']);
    expect(said(marks)).toEqual([]);
    expect(serversOf(marks)[0]).not.toHaveProperty('protocol');
    expect(read(group('fwmark 1', '10.0.0.1 80') + user('NAT', ['10.0.0.2 80'])).exitCode).toBe(5);
  });

  it('says which ports do not count without NAT', () => {
    const text = group('10.0.0.1 80', '10.0.0.9 81', 'fwmark 1');
    expect(said(text + user('DR', ['10.0.0.2 80', '10.0.0.3'], 'protocol TCP'))).toEqual([
      '10:22 warning: without NAT the port of 10.0.0.2:80 does not count: that of 10.0.0.9 is 81',
      '10:22 warning: without NAT the port of 10.0.0.2:80 does not count: fwmark 1 has none',
    ]);
    expect(said(text + user('NAT', ['10.0.0.2 80', '10.0.0.3'], 'protocol TCP'))).toEqual([]);
  });

  it('of all ports must be persistent, and one with a mark cannot be suspended', () => {
    expect(said(group('10.0.0.1', 'fwmark 1') + user('NAT', ['10.0.0.2'], 'protocol TCP', 'ha_suspend'))).toEqual([
      '5:22 warning: a service of all ports must be persistent; persistence_timeout 360 is used',
      '9:1 warning: ha_suspend needs addresses, and a mark has none; it is ignored',
    ]);
  });
});
