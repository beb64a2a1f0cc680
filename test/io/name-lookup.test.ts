/** Whether names could be looked up, from files of a host. */
import { describe, expect, it } from 'vitest';
import { mayResolve } from '../../src/io/name-lookup.ts';

const ROUTES = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
const ROUTE_TO_LAN = `${ROUTES}eth0\t0004A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`;
const DEFAULT_ROUTE = `${ROUTES}eth0\t00000000\t0104A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`;
const ROUTE6 = (destination: string, length: string, device: string) =>
  `${destination} ${length} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 00000001 ${device}\n`;

const host = (files: Readonly<Record<string, string>>) => (name: string) => mayResolve(name, (path) => files[path]);

describe('a name', () => {
  it('of /etc/hosts leads to an address, in capitals too', () => {
    const may = host({ '/etc/hosts': '192.0.2.1 mail mail.example.org # old\n' });
    expect(['mail', 'MAIL.example.org', 'old', '192.0.2.1'].map(may)).toEqual([true, true, false, false]);
  });

  it('may be known to a name server that there is a route to', () => {
    const near = { '/etc/resolv.conf': 'nameserver 192.168.4.1\n' };
    expect(host({ ...near, '/proc/net/route': ROUTE_TO_LAN })('mail')).toBe(true);
    expect(host({ ...near, '/proc/net/route': DEFAULT_ROUTE })('mail')).toBe(true);
    expect(host({ ...near, '/proc/net/route': ROUTES })('mail')).toBe(false);
    expect(host({ '/etc/resolv.conf': 'nameserver 192.168.5.1\n', '/proc/net/route': ROUTE_TO_LAN })('mail')).toBe(
      false,
    );
  });

  it('may be known to a name server of IPv6 that there is a route to', () => {
    const near = { '/etc/resolv.conf': 'nameserver fd00::35\n' };
    expect(host({ ...near, '/proc/net/ipv6_route': ROUTE6(`fd${'0'.repeat(30)}`, '40', 'eth0') })('mail')).toBe(true);
    expect(host({ ...near, '/proc/net/ipv6_route': ROUTE6(`fe8${'0'.repeat(29)}`, '40', 'eth0') })('mail')).toBe(false);
    expect(host({ ...near, '/proc/net/ipv6_route': ROUTE6('0'.repeat(32), '00', 'lo') })('mail')).toBe(false);
  });

  it('may be known to a name server on this host, where one listens', () => {
    const local = '  sl  local_address rem_address\n  1: 3500007F:0035 00000000:0000 07\n';
    expect(host({ '/proc/net/udp': local })('mail')).toBe(true);
    expect(host({ '/proc/net/udp': local.replace(':0035', ':0036') })('mail')).toBe(false);
    expect(host({})('mail')).toBe(false);
  });
});
