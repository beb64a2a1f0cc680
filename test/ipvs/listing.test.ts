/** The lines are those of ipvsadm 1.31 on Linux 6.1; test/lab/ipvs-listing.test.ts has both beside each other. */
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import { parseConnections, renderConnections } from '../../src/ipvs/connections.ts';
import { type ListedService, renderListing, renderTimeouts } from '../../src/ipvs/listing.ts';
import type { Destination, Service } from '../../src/wire/ipvs.ts';
import { NO_STATISTICS, type Statistics } from '../../src/wire/ipvs-entries.ts';

const info = { version: '1.2.1', connectionTableSize: 4096 };
const plain = { persistenceTimeout: ZERO, onePacket: false, schedulerFlags: 0 };

const address = (
  protocol: 'TCP' | 'UDP' | 'SCTP',
  place: string,
  port: number,
  scheduler: string,
  more: Partial<Service> = {},
): Service => {
  const family = place.includes(':') ? 'inet6' : 'inet';
  return {
    ...plain,
    persistenceGranularity: family === 'inet' ? 32 : 128,
    key: { kind: 'address', family, protocol, address: place as IpAddress, port },
    scheduler,
    ...more,
  };
};
const mark = (fwmark: number, family: 'inet' | 'inet6', scheduler: string, more: Partial<Service> = {}): Service => ({
  ...plain,
  persistenceGranularity: family === 'inet' ? 32 : 128,
  key: { kind: 'fwmark', family, fwmark },
  scheduler,
  ...more,
});
const to = (
  place: string,
  port: number,
  forwardingMethod: Destination['forwardingMethod'],
  weight = 1,
  inactiveConnections = 0,
) => ({
  destination: {
    family: place.includes(':') ? ('inet6' as const) : ('inet' as const),
    address: place as IpAddress,
    port,
    forwardingMethod,
    weight,
    upperThreshold: 0,
    lowerThreshold: 0,
  },
  activeConnections: 0,
  inactiveConnections,
  persistentConnections: 0,
  statistics: NO_STATISTICS,
});
const listed = (service: Service, ...destinations: ListedService['destinations']): ListedService => ({
  service,
  statistics: NO_STATISTICS,
  destinations,
});

describe('the listing', () => {
  it('has the columns, the order and the flags of ipvsadm -L -n', () => {
    const table = [
      listed(mark(300, 'inet', 'rr')),
      listed(mark(21, 'inet6', 'rr')),
      listed(mark(7, 'inet', 'sh', { schedulerFlags: 3 }), to('127.0.0.1', 0, 'masquerading')),
      listed(mark(8, 'inet6', 'wlc', { persistenceTimeout: seconds(360) }), to('fd00::2', 80, 'direct-route')),
      listed(
        address('TCP', 'fd00:1234:5678:9abc::15', 443, 'mh', { schedulerFlags: 3 }),
        to('fd00:1234:5678:9abc:def0:1234:5678:9abc', 443, 'direct-route'),
      ),
      listed(address('TCP', 'fd00::1', 80, 'rr', { persistenceTimeout: seconds(90), persistenceGranularity: 64 })),
      listed(
        address('TCP', '1.1.1.1', 443, 'wlc'),
        to('5.5.5.5', 443, 'tunnel'),
        to('5.5.5.5', 80, 'masquerading'),
        to('fd00::9', 443, 'tunnel'),
        to('5.5.5.5', 9, 'masquerading'),
      ),
      listed(address('TCP', '20.0.0.1', 9, 'nq', { schedulerFlags: 7 })),
      listed(address('TCP', '192.168.100.15', 80, 'sed', { schedulerFlags: 1 })),
      listed(address('UDP', '192.168.4.15', 80, 'sh', { schedulerFlags: 2, onePacket: true })),
      listed(
        address('UDP', '192.168.4.15', 5060, 'sh', {
          schedulerFlags: 3,
          persistenceTimeout: seconds(90),
          persistenceGranularity: 24,
          persistenceEngine: 'sip',
        }),
      ),
      listed(address('UDP', '192.168.4.9', 5060, 'rr', { persistenceTimeout: seconds(90), onePacket: true })),
      listed(address('SCTP', '10.20.30.43', 99, 'lc')),
      listed(
        address('TCP', '192.168.4.15', 80, 'wrr'),
        to('192.168.4.200', 8080, 'masquerading', 65535),
        to('192.168.4.100', 80, 'direct-route', 1, 5),
      ),
    ];
    expect(renderListing(table, info, { kind: 'connections', exact: false })).toBe(
      `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.4.15:80 wrr
  -> 192.168.4.100:80             Route   1      0          5         
  -> 192.168.4.200:8080           Masq    65535  0          0         
TCP  192.168.100.15:80 sed (flag-1)
TCP  1.1.1.1:443 wlc
  -> [fd00::9]:443                Tunnel  1      0          0         
  -> 5.5.5.5:9                    Masq    1      0          0         
  -> 5.5.5.5:80                   Masq    1      0          0         
  -> 5.5.5.5:443                  Tunnel  1      0          0         
TCP  20.0.0.1:9 nq (flag-1,flag-2,flag-3)
UDP  192.168.4.9:5060 rr persistent 90 ops
UDP  192.168.4.15:80 sh (sh-port) ops
UDP  192.168.4.15:5060 sh (sh-fallback,sh-port) persistent 90 mask 255.255.255.0 pe sip
SCTP 10.20.30.43:99 lc
TCP  [fd00::1]:80 rr persistent 90 mask 64
TCP  [fd00:1234:5678:9abc::15]:443 mh (mh-fallback,mh-port)
  -> [fd00:1234:5678:9abc:def0:1234:5678:9abc]:443 Route   1      0          0         
FWM  7 sh (sh-fallback,sh-port)
  -> 127.0.0.1:0                  Masq    1      0          0         
FWM  8 IPv6 wlc persistent 360
  -> [fd00::2]:80                 Route   1      0          0         
FWM  21 IPv6 rr
FWM  300 rr
`,
    );
  });

  it('has the counters of ipvsadm -L -n --stats and --rate', () => {
    const statistics: Statistics = {
      ...NO_STATISTICS,
      connections: 5,
      incomingPackets: 5,
      outgoingPackets: 5,
      incomingBytes: 300,
      outgoingBytes: 200,
      incomingByteRate: 26,
      outgoingByteRate: 17,
    };
    const table = [
      {
        service: address('TCP', '192.168.4.16', 80, 'rr'),
        statistics,
        destinations: [{ ...to('127.0.0.1', 8080, 'masquerading'), statistics }],
      },
      listed(address('TCP', 'fd00:1234:5678:9abc::15', 443, 'mh')),
      listed(mark(8, 'inet6', 'wlc')),
    ];
    expect(renderListing(table, info, { kind: 'statistics', exact: false })).toBe(
      `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.4.16:80                     5        5        5      300      200
  -> 127.0.0.1:8080                      5        5        5      300      200
TCP  [fd00:1234:5678:9abc::15]:443        0        0        0        0        0
FWM  8 IPv6                              0        0        0        0        0
`,
    );
    expect(renderListing(table.slice(0, 1), info, { kind: 'rates', exact: false }).split('\n').slice(1, 4)).toEqual([
      'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS',
      '  -> RemoteAddress:Port',
      'TCP  192.168.4.16:80                     0        0        0       26       17',
    ]);
  });

  it('rounds counters of more than eight digits, unless they are wanted exactly: ipvsadm(8) "--exact"', () => {
    const shown = (incomingBytes: number, exact = false) => {
      const statistics = { ...NO_STATISTICS, incomingBytes };
      const entry = { ...listed(address('TCP', '10.0.0.1', 80, 'rr')), statistics };
      const line = renderListing([entry], info, { kind: 'statistics', exact }).split('\n')[3] ?? '';
      return line.split(/ +/).at(-2);
    };
    expect([99_999_999, 100_000_000, 99_999_999_999, 100_000_000_000].map((n) => shown(n))).toEqual([
      '99999999',
      '100000K',
      '99999M',
      '100G',
    ]);
    expect(shown(123_456_789_012, true)).toBe('123456789012');
  });
});

describe('connections', () => {
  it('are read from the kernel and shown as by ipvsadm -L -n -c', () => {
    const text = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A000001 0000 0A000001 0051 7F000001 1F90 NONE             49
TCP 0A000001 EC6A 0A000001 0051 7F000001 1F90 ESTABLISHED     899
`;
    const connections = parseConnections(text);
    expect(connections[1]).toEqual({
      protocol: 'TCP',
      client: { address: '10.0.0.1', port: 60522 },
      virtual: { address: '10.0.0.1', port: 81 },
      destination: { address: '127.0.0.1', port: 8080 },
      state: 'ESTABLISHED',
      expires_s: 899,
    });
    expect(renderConnections(connections)).toBe(`IPVS connection entries
pro expire state       source             virtual            destination
TCP 00:49  NONE        10.0.0.1:0         10.0.0.1:81        127.0.0.1:8080
TCP 14:59  ESTABLISHED 10.0.0.1:60522     10.0.0.1:81        127.0.0.1:8080
`);
  });

  it('that cannot be read are passed over', () => {
    expect(parseConnections('')).toEqual([]);
    expect(parseConnections('TCP 0A00 0000 0A000001 0051 7F000001 1F90 NONE 49\nTCP\n\n')).toEqual([]);
  });
});

describe('timeouts', () => {
  it('are one line', () => {
    expect(renderTimeouts({ tcp: seconds(900), tcpFin: seconds(120), udp: seconds(300) })).toBe(
      'Timeout (tcp tcpfin udp): 900 120 300\n',
    );
  });
});
