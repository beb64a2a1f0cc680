/** virtual_server and real_server: values, defaults, corrections, as keepalived 2.2.7 has them. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { realServer, virtualServer } from '../support/servers.ts';
import { read, realServerWith, said, serviceOf, serviceWith } from './reading.ts';

const DEFAULTS = virtualServer();

/** A virtual server from its first line and the lines inside. */
const service = (header: string, ...lines: string[]) => `virtual_server ${header} {\n${lines.join('\n')}\n}\n`;

describe('virtual_server', () => {
  it('has keepalived’s defaults', () => {
    expect(read(serviceWith())).toMatchObject({ diagnostics: [], exitCode: 0 });
    expect(serviceOf(serviceWith())).toEqual(DEFAULTS);
  });

  it('reads all that a usual director says', () => {
    const lines = [
      'persistence_timeout 50',
      'persistence_granularity 255.255.255.0',
      'delay_loop 6',
      'alpha',
      'weight 7',
      'inhibit_on_failure',
    ];
    expect(said(serviceWith(...lines))).toEqual([]);
    expect(serviceOf(serviceWith(...lines))).toEqual({
      ...DEFAULTS,
      persistenceTimeout: seconds(50),
      persistenceGranularity: { family: 'inet', mask: '255.255.255.0' },
      delayLoop: seconds(6),
      alpha: true,
      inhibitOnFailure: true,
      realServers: [realServer({ weight: 7, inhibitOnFailure: true, alpha: true, delayLoop: seconds(6) })],
    });
  });

  it.each([
    ['lvs_sched rr', { scheduler: 'rr' }],
    ['lb_algo sh\nsh-port\nsh-fallback', { scheduler: 'sh', schedulerFlags: 3 }],
    ['lb_algo mh\nmh-port', { scheduler: 'mh', schedulerFlags: 2 }],
    ['flag-3', { schedulerFlags: 4 }],
    ['lvs_method DR', { forwardingMethod: 'direct-route' }],
    ['lb_kind TUN', { forwardingMethod: 'tunnel' }],
    [
      'lb_kind TUN type gue port 6080 remcsum',
      { forwardingMethod: 'tunnel', tunnel: { type: 'gue', port: 6080, flags: 2 } },
    ],
    ['lb_kind TUN type gre csum', { forwardingMethod: 'tunnel', tunnel: { type: 'gre', port: 0, flags: 1 } }],
    ['protocol tcp', { id: '192.168.4.15:80/TCP' }],
    ['protocol UDP\nops', { id: '192.168.4.15:80/UDP', onePacket: true }],
    ['persistence_timeout', { persistenceTimeout: seconds(360) }],
    [
      'persistence_granularity 255.255.0.0',
      { persistenceTimeout: seconds(360), persistenceGranularity: { family: 'inet', mask: '255.255.0.0' } },
    ],
    ['persistence_engine sip', { persistenceEngine: 'sip' }],
    ['quorum_up "/bin/up a" root', { quorumUp: { command: ['/bin/up', 'a'], user: 'root' } }],
    ['virtualhost a.example', { virtualHost: 'a.example' }],
    ['snmp_name web', { snmpName: 'web' }],
    ['smtp_alert', { smtpAlert: true }],
    ['ha_suspend\nomega', { haSuspend: true, omega: true }],
    ['weight 5\nquorum 4\nhysteresis 3', { quorum: 4, hysteresis: 3 }],
  ])('takes %j', (line, expected) => {
    expect(serviceOf(serviceWith(line))).toMatchObject(expected);
    expect(read(serviceWith(line)).exitCode).toBe(0);
  });

  it('without protocol is UDP, without lb_algo wlc, without lb_kind NAT, and says each', () => {
    const text = service('10.0.0.1 80', 'real_server 10.0.0.2 80 {', '}');
    expect(serviceOf(text)).toMatchObject({
      id: '10.0.0.1:80/UDP',
      scheduler: 'wlc',
      forwardingMethod: 'masquerading',
    });
    expect(said(text)).toEqual([
      '1:1 warning: virtual_server 10.0.0.1 80 has no protocol, and UDP is what that means; add protocol TCP, if that is meant',
      '1:1 warning: virtual_server 10.0.0.1 80 has no lb_algo; wlc is used; add lb_algo',
      '1:1 warning: virtual_server 10.0.0.1 80 has no lb_kind; NAT is used; add lb_kind',
    ]);
    expect(read(text).exitCode).toBe(5);
  });

  it.each([
    ['lb_algo loadbalance', '5:9 error: lvs_sched'],
    ['lb_kind dr', "5:9 error: lb_kind: expected NAT, DR or TUN, got 'dr'; NAT stays; write DR in capitals"],
    ['lb_kind FNAT', "5:9 error: lb_kind: expected NAT, DR or TUN, got 'FNAT'; NAT stays; write NAT"],
    ['lb_kind NAT x', "5:13 warning: lb_kind: 'x' is no option of a tunnel; NAT is used"],
    ['protocol FOO', "5:10 error: protocol: expected TCP, UDP or SCTP, got 'FOO'; TCP stays"],
    ['delay_loop 0', "5:12 error: delay_loop: expected seconds 0.000001 or more, got '0'; 60 s stays"],
    [
      'persistence_timeout 0',
      "5:21 error: persistence_timeout: expected an integer from 1 to 2678400, got '0'; the line is ignored",
    ],
    ['weight 0', "5:8 error: weight: expected an integer from 1 to 2147483647, got '0'; 1 stays"],
    ['quorum 3', '5:1 warning: a quorum of 3 is more than all weights together; it becomes 1'],
    ['hysteresis 1', '5:1 warning: a hysteresis of 1 does not fit the quorum of 1; it is made smaller'],
    ['ops', '5:1 warning: ops is for UDP only; it is ignored'],
    ['sh-port', '5:1 warning: sh-port: it counts after lb_algo sh only; the line is ignored'],
    ['hashed', '5:1 warning: hashed: it is for the scheduler sh; the line is ignored'],
    [
      'persistence_granularity abc',
      "5:1 warning: persistence_granularity: expected an IPv4 netmask, got 'abc'; the line is ignored",
    ],
    ['ip_family inet6', '5:1 warning: ip_family: the family is inet already; the line is ignored'],
    [
      'sorry_server_inhibit',
      '5:1 warning: sorry_server_inhibit: there is no sorry_server before it; the line is ignored',
    ],
    ['sorry_server 1.2 80', "5:14 error: sorry_server: expected an IP address, got '1.2'; the line is ignored"],
    [
      'sorry_server fd00::9 80',
      '5:14 error: fd00::9 is not of the family of its virtual_server; there is no sorry_server',
    ],
    ['nat_mask 255.255.255.0', '5:1 warning: nat_mask: long gone and without effect; delete the line'],
    ['retry 0', "5:7 error: retry: expected an integer from 1 to 4294967295, got '0'; the line is ignored"],
  ])('says what is wrong with %s, and goes on as keepalived', (line, message) => {
    const text = serviceWith(line);
    const [first, ...others] = said(text).filter((one) => !one.includes(' note: '));
    expect(first?.replace(/lb_algo: .*/, 'lvs_sched')).toBe(message);
    expect(others).toEqual([]);
    expect(read(text).exitCode).toBe(5);
    expect(serviceOf(text)).toEqual(DEFAULTS);
  });

  it.each([
    [
      '10.0.0.x 80',
      "1:16 error: expected an IP address, got '10.0.0.x'; the virtual_server is left out; looks like a placeholder that was not filled in",
    ],
    ['10.0.0.1 70000', "1:25 error: expected an integer from 1 to 65535, got '70000'; the virtual_server is left out"],
    [
      'fwmark',
      '1:16 error: expected an integer from 1 to 4294967295, and keepalived crashes without one; the virtual_server is left out',
    ],
    [
      'fwmark 4294967296',
      "1:23 error: expected an integer from 1 to 4294967295, got '4294967296'; the virtual_server is left out",
    ],
    ['group web', '1:22 error: there is no virtual_server_group web; virtual_server group web is left out'],
  ])('with the header %j is left out', (header, message) => {
    const text = service(header, 'protocol TCP', 'lb_algo rr', 'lb_kind NAT', 'real_server 10.0.0.2 80 {', '}');
    expect(said(text)).toEqual([message]);
    expect(read(text).configuration.virtualServers).toEqual([]);
  });

  it('without any header ends with 2', () => {
    expect(read('virtual_server {\n}\n')).toMatchObject({
      exitCode: 2,
      diagnostics: [
        {
          message: expect.stringContaining(
            "needs an address and a port, fwmark and a number, or group and a name before its '{'",
          ),
        },
      ],
    });
  });

  it('without a usable real_server is left out', () => {
    expect(said(service('10.0.0.1 80', 'protocol TCP', 'sorry_server 10.0.0.3 80')).at(0)).toBe(
      '1:1 error: virtual_server 10.0.0.1 80 has no real_server; it is left out',
    );
    expect(
      said(service('10.0.0.1 80', 'protocol TCP', 'lb_algo rr', 'lb_kind NAT', 'real_server 1.2 80 {', '}')),
    ).toEqual([
      '1:1 error: virtual_server 10.0.0.1 80 has no real_server; it is left out',
      "5:13 error: expected an IP address, got '1.2'; the real_server is left out",
    ]);
  });

  it('that is there a second time is one service with the first, as keepalived has it in the kernel', () => {
    const text = serviceWith() + serviceWith();
    expect(read(text).configuration.virtualServers).toEqual([DEFAULTS, { ...DEFAULTS, id: '192.168.4.15:80/TCP#2' }]);
    expect(read(text).exitCode).toBe(0);
    expect(said(text)).toEqual([
      '8:1 warning: virtual_server 192.168.4.15:80/TCP is there already, in line 1: the two are one service, with the values of the first and the servers of both',
    ]);
    expect(read(serviceWith() + serviceWith('protocol UDP')).configuration.virtualServers[1]?.id).toBe(
      '192.168.4.15:80/UDP',
    );
  });

  it('of all ports must be persistent', () => {
    const lines = ['protocol TCP', 'lb_algo rr', 'lb_kind NAT', 'real_server 10.0.0.2 {', '}'];
    expect(serviceOf(service('10.0.0.1', ...lines))).toMatchObject({
      id: '10.0.0.1:0/TCP',
      persistenceTimeout: seconds(360),
    });
    expect(said(service('10.0.0.1 0', ...lines))).toEqual([
      '1:25 warning: a service of all ports must be persistent; persistence_timeout 360 is used',
    ]);
    expect(said(service('10.0.0.1 0', 'persistence_timeout 9', ...lines))).toEqual([]);
  });

  it('of a firewall mark has no protocol, and the family of its servers', () => {
    const server = (address: string) => ['lb_algo rr', 'lb_kind DR', `real_server ${address} {`, '}'];
    expect(serviceOf(service('fwmark 7', ...server('10.0.0.2')))).toMatchObject({
      id: 'FWM 7',
      target: { kind: 'fwmark', fwmark: 7 },
      family: 'inet',
      realServers: [{ id: '10.0.0.2:0', port: 0 }],
    });
    expect(serviceOf(service('fwmark 7', ...server('fd00::2')))).toMatchObject({
      id: 'FWM 7 inet6',
      family: 'inet6',
    });
    expect(said(service('fwmark 7', 'protocol TCP', ...server('10.0.0.2 80')))).toEqual([
      '2:1 warning: a fwmark service has no protocol; it is ignored',
      '5:22 warning: without NAT a real server gets the port of the service: no port, not 80',
    ]);
  });

  it('of IPv6 is served like one of IPv4', () => {
    const text = service(
      'fd00::1 80',
      'protocol TCP',
      'lb_algo rr',
      'lb_kind NAT',
      'real_server fd00:0::2 8080 {',
      '}',
    );
    expect(said(text)).toEqual([]);
    expect(serviceOf(text)).toMatchObject({
      id: '[fd00::1]:80/TCP',
      family: 'inet6',
      realServers: [{ id: '[fd00::2]:8080' }],
    });
  });
});

describe('real_server', () => {
  it('reads its own values before those of the virtual server', () => {
    const text = realServerWith('weight 9', 'lvs_method TUN', 'inhibit_on_failure', 'uthreshold 5', 'lthreshold 3');
    expect(said(text)).toEqual([]);
    expect(serviceOf(text)?.realServers).toEqual([
      realServer({
        weight: 9,
        forwardingMethod: 'tunnel',
        inhibitOnFailure: true,
        upperThreshold: 5,
        lowerThreshold: 3,
      }),
    ]);
  });

  it('gets the port of the service with DR and TUN, and keeps its own with NAT', () => {
    const servers = (kind: string) =>
      service(
        '10.0.0.1 80',
        'protocol TCP',
        'lb_algo rr',
        `lb_kind ${kind}`,
        'real_server 10.0.0.2 8080 {',
        '}',
        'real_server 10.0.0.3 {',
        '}',
      );
    expect(serviceOf(servers('NAT'))?.realServers.map(({ port }) => port)).toEqual([8080, 80]);
    expect(serviceOf(servers('DR'))?.realServers.map(({ port }) => port)).toEqual([80, 80]);
    expect(said(servers('NAT'))).toEqual([]);
    expect(said(servers('TUN'))).toEqual([
      '5:22 warning: without NAT a real server gets the port of the service: port 80, not 8080',
    ]);
  });

  it('of weight 0 is there, and a quorum of nothing is said, as in keepalived', () => {
    expect(serviceOf(realServerWith('weight 0'))?.realServers[0]?.settings.weight).toBe(0);
    expect(said(realServerWith('weight 0'))).toEqual([
      '1:1 warning: a quorum of 1 is more than all weights together; it becomes 0',
    ]);
  });

  it('counts once', () => {
    expect(read(serviceWith('real_server 192.168.4.100 80 {', '}')).exitCode).toBe(5);
    expect(said(serviceWith('real_server 192.168.4.100 80 {', '}'))).toEqual([
      '7:1 warning: real_server 192.168.4.100:80 is there already; this one is left out',
    ]);
  });

  it('of another family needs a tunnel', () => {
    expect(said(serviceWith('real_server fd00::2 80 {', '}'))).toEqual([
      '5:13 error: fd00::2 is not of the family of its virtual_server; the real_server is left out; tunnels may have the other family: lvs_method TUN',
    ]);
    expect(serviceOf(serviceWith('lb_kind TUN', 'real_server fd00::2 80 {', '}'))?.realServers).toHaveLength(2);
  });

  it.each([
    ['weight -1', "6:8 error: weight: expected an integer from 0 to 2147483647, got '-1'; the line is ignored"],
    ['lb_kind DR', "6:1 warning: unknown keyword 'lb_kind' in real_server; 'lb_kind' belongs in virtual_server"],
    ['TCP_CHEKC {\n}', "6:1 error: unknown block 'TCP_CHEKC' in real_server; it is skipped; did you mean TCP_CHECK?"],
    [
      'connect_port 80',
      "6:1 warning: unknown keyword 'connect_port' in real_server; 'connect_port' belongs in TCP_CHECK or in HTTP_GET or in SSL_GET",
    ],
  ])('says what is wrong with %j', (line, message) => {
    expect(said(realServerWith(line))).toEqual([message]);
  });
});
