/** The lines of virtual_ipaddress and virtual_ipaddress_excluded. */
import { describe, expect, it } from 'vitest';
import { instanceOf, instanceWith, read, said } from './reading.ts';

describe('virtual_ipaddress', () => {
  const excluded = (...lines: string[]) => instanceOf('virtual_ipaddress_excluded {', ...lines, '}')?.excludedAddresses;
  const complaints = (...lines: string[]) => said(instanceWith('virtual_ipaddress_excluded {', ...lines, '}'));

  it('takes dev, scope, label and broadcast in any order', () => {
    expect(
      excluded(
        '10.0.0.1/24 brd + label eth0:1 scope link dev eth1',
        '10.0.0.2',
        '10.0.0.3/25 broadcast 10.0.0.9',
        '10.0.0.4/24 brd -',
      ),
    ).toEqual([
      {
        address: '10.0.0.1',
        prefixLength: 24,
        interface: 'eth1',
        scope: 253,
        label: 'eth0:1',
        broadcast: '10.0.0.255',
      },
      { address: '10.0.0.2', prefixLength: 32, interface: 'eth0', scope: 0 },
      { address: '10.0.0.3', prefixLength: 25, interface: 'eth0', scope: 0, broadcast: '10.0.0.9' },
      { address: '10.0.0.4', prefixLength: 24, interface: 'eth0', scope: 0, broadcast: '10.0.0.0' },
    ]);
  });

  it('uses the number of a prefix length with something behind it, as keepalived does when it runs', () => {
    expect(complaints('10.0.0.1/24;')).toEqual([
      "5:1 error: expected a prefix length from 0 to 32, got '24;'; 10.0.0.1/24 is used",
    ]);
    expect(excluded('10.0.0.1/24;')).toMatchObject([{ prefixLength: 24 }]);
  });

  it.each([
    [
      '10.0.0.x',
      "5:1 error: expected an IP address, got '10.0.0.x'; the line is ignored; looks like a placeholder that was not filled in",
      0,
    ],
    ['10.0.0.1/33', "5:1 error: expected a prefix length from 0 to 32, got '33'; 10.0.0.1/32 is used", 1],
    [
      '10.0.0.1 10.0.0.2',
      "5:10 error: '10.0.0.2' is another address in the line of 10.0.0.1; it is ignored; write each address on a line of its own",
      1,
    ],
    [
      '10.0.0.1 lable x',
      "5:10 error: unknown option 'lable' of the address 10.0.0.1; it is ignored; did you mean label?",
      1,
    ],
    ['10.0.0.1 dev', '5:10 error: dev has no value; the address is ignored', 0],
    ['10.0.0.1 dev eth1 dev eth2', '5:23 error: dev is given twice for 10.0.0.1; the address is ignored', 0],
    ['10.0.0.1 dev eth0/1', "5:14 error: 'eth0/1' cannot be the name of an interface; the address is ignored", 0],
    [
      '10.0.0.1 label 1234567890123456',
      "5:16 error: the label '1234567890123456' is longer than 15 bytes; the address is ignored",
      0,
    ],
    [
      '10.0.0.1 scope far',
      "5:16 error: unknown scope 'far'; global is used; scopes are global, site, link, host, nowhere or a number from 0 to 255",
      1,
    ],
    ['10.0.0.1 brd x', "5:14 error: expected an IPv4 broadcast address, + or -, got 'x'; the address is ignored", 0],
    ['10.0.0.1/31 brd +', '5:17 warning: a /31 has no room for a broadcast address; + is ignored', 1],
    ['fd00::1 label x', '5:15 error: IPv6 addresses have no label; it is ignored', 1],
    ['fd00::1 brd +', '5:13 error: IPv6 has no broadcast address; the address is ignored', 0],
  ])('%s', (line, message, count) => {
    expect(complaints(line).filter((one) => !/unknown option 'x'/.test(one))).toEqual([message]);
    expect(excluded(line)).toHaveLength(count);
  });

  it('is told when it is missing, as in keepalived, and needs no more than being excluded from', () => {
    const text = 'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress_excluded { 10.0.0.1 }\n}\n';
    expect(said(text)).toEqual([
      '1:1 warning: vrrp_instance V has no virtual address to advertise; add virtual_ipaddress { ADDRESS }',
    ]);
    expect(read(text).configuration.instances).toHaveLength(1);
  });

  it('advertises an address as often as it is there, as keepalived 2.2.7 does', () => {
    const lines = [
      'virtual_ipaddress {',
      '10.0.0.1',
      '10.0.0.1',
      '10.0.0.1/24',
      '}',
      'virtual_ipaddress_excluded { 10.0.0.1',
      '}',
    ];
    expect(instanceOf(...lines)).toMatchObject({
      virtualAddresses: [{ prefixLength: 32 }, { prefixLength: 32 }, { prefixLength: 24 }, { address: '192.168.4.15' }],
      excludedAddresses: [{ address: '10.0.0.1' }],
    });
    expect(said(instanceWith(...lines))).toEqual(['6:1 warning: 10.0.0.1/32 eth0 is there already']);
  });

  it('advertises 255 addresses and holds the rest', () => {
    const addresses = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const instance = instanceOf('virtual_ipaddress {', ...addresses, '}');
    expect([instance?.virtualAddresses.length, instance?.excludedAddresses.length]).toEqual([255, 46]);
  });

  it.each([
    ['10.0.0.1/24 peer 10.0.0.2', { prefixLength: 32, peer: '10.0.0.2' }],
    [
      'fd00::1/64 home -nodad no_track preferred_lft forever',
      { home: true, detectDuplicates: true, noTrack: true, preferredLifetime: 4294967295 },
    ],
    ['10.0.0.1/24x', { prefixLength: 24 }],
    ['10.0.0.1/', { prefixLength: 0 }],
    ['10.0.0.1 peer foo', { prefixLength: 32 }],
    ['10.0.0.1 scope 0x10', { scope: 16 }],
  ])('%s', (line, expected) => {
    expect(instanceOf('virtual_ipaddress_excluded {', line, '}')?.excludedAddresses).toMatchObject([expected]);
  });

  it('is of one family, the first one’s', () => {
    const text = instanceWith(
      'virtual_ipaddress_excluded { fd00::1 }',
      'mcast_src_ip 10.0.0.1',
      'virtual_ipaddress { fd00::2 }',
    );
    expect(said(text)).toEqual([
      "6:21 error: fd00::2 is not of the instance's family, IPv4 by 10.0.0.1; it is ignored; " +
        'put it into virtual_ipaddress_excluded, or give each family its own instance',
    ]);
  });
});
