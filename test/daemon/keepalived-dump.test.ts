/** The dump of small configurations; the expected lines are what keepalived 2.2.7 wrote for the same files. */
import { describe, expect, it } from 'vitest';
import type { DumpHost } from '../../src/daemon/data-text.ts';
import { keepalivedDump } from '../../src/daemon/keepalived-dump.ts';
import { readConfiguration } from '../../src/daemon/root.ts';
import { scriptText } from '../../src/daemon/runnable.ts';

const host: DumpHost = {
  accountOf: ({ user }) => (user === 'nobody-at-all' ? undefined : { uid: 0, gid: 0 }),
  commandText: scriptText,
  hasInterface: () => true,
  pathText: (path) => path,
  userName: () => 'root',
  ownName: () => 'director1',
  addressOf: (name) => (name === 'localhost' ? '127.0.0.1' : undefined),
};

/** The lines of a section. */
function section(title: string, ...text: readonly string[]): string[] {
  const dump = keepalivedDump(readConfiguration('test.conf', () => text.join('\n')).configuration, host);
  const lines = dump.split('\n');
  const from = lines.indexOf(`------< ${title} >------`);
  if (from < 0) return [];
  const length = lines.slice(from + 1).findIndex((line) => line.startsWith('------<'));
  return lines.slice(from + 1, length < 0 ? -1 : from + 1 + length);
}

const instance = (...lines: string[]) => [
  'vrrp_instance V {',
  'interface eth0',
  'virtual_router_id 5',
  ...lines,
  'virtual_ipaddress {',
  '10.0.0.1/24',
  '}',
  '}',
];

describe('keepalivedDump', () => {
  it('shows a virtual router with all its defaults', () => {
    expect(section('VRRP Topology', ...instance())).toEqual([
      ' VRRP Instance = V',
      '   VRRP Version = 2',
      '   Flags: none',
      '   Wantstate = BACKUP',
      '   Number of config faults = 0',
      '   Interface = eth0',
      '   Multicast address 224.0.0.18',
      '   Gratuitous ARP delay = 5',
      '   Gratuitous ARP repeat = 5',
      '   Gratuitous ARP refresh = 0',
      '   Gratuitous ARP refresh repeat = 1',
      '   Gratuitous ARP lower priority delay = 5',
      '   Gratuitous ARP lower priority repeat = 5',
      '   Down timer adverts = 3',
      '   Send advert after receive lower priority advert = true',
      '   Send advert after receive higher priority advert = false',
      '   Virtual Router ID = 5',
      '   Priority = 100',
      '   Advert interval = 1 sec',
      '   Accept = enabled',
      '   Preempt = enabled',
      '   Promote_secondaries = disabled',
      '   Authentication type = none',
      '   Virtual IP (1):',
      '     10.0.0.1/24 dev eth0 scope global',
      '   No sockets allocated',
      '   Using smtp notification = no',
      '   Notify deleted = Fault',
      '   Notify priority changes = false',
    ]);
  });

  it('shows nothing of a script that nobody can run', () => {
    const lines = section(
      'VRRP Topology',
      ...instance('notify_master "/root/a.sh m"', 'notify_backup /root/a.sh nobody-at-all'),
    );
    expect(lines.filter((line) => line.includes('script'))).toEqual([
      "   Master state transition script = '/root/a.sh' 'm', uid:gid 0:0",
    ]);
  });

  it('has no section for what is not there', () => {
    expect(section('LVS Topology', ...instance())).toEqual([]);
    expect(section('VRRP Topology', 'virtual_server 10.0.0.1 80 {', 'real_server 10.0.0.2 80 {', '}', '}')).toEqual([]);
  });

  it('shows a real server with what it has from its virtual server', () => {
    const lines = section(
      'LVS Topology',
      ...['virtual_server 10.0.0.1 80 {', 'lb_algo sh', 'sh-port', 'lb_kind TUN type gue port 5555 csum'],
      ...['protocol TCP', 'retry 4', 'weight 7', 'real_server 10.0.0.3 80 {', 'lthreshold 5', 'uthreshold 9', '}', '}'],
    );
    expect(lines.filter((line) => /sh-|forwarding|Retry|RIP|limit/.test(line))).toEqual([
      '   sh-port = enabled',
      '   sh-fallback = disabled',
      '   Retry count = 4',
      '   forwarding method = TUN, type = GUE, port = 5555, checksum',
      '   RIP = 10.0.0.3, RPORT = 80, WEIGHT = 7 EFF WEIGHT = 7',
      '   forwarding method = TUN, type = GUE, port = 5555, checksum',
      '   connection limit range = 5 -> 9',
      '   Retry count = 4',
    ]);
  });

  it('makes up priorities of rules across the whole file', () => {
    const rules = (word: string) => [`${word} {`, 'from 192.168.28.0/24 table 5', '}'];
    const text = [...rules('static_rules'), ...instance(...rules('virtual_rules'))];
    expect(section('Static Rules', ...text)).toEqual([
      '     from 192.168.28.0/24 priority 16384 tos 0x0 protocol 18 lookup 5',
    ]);
    expect(section('VRRP Topology', ...text)).toContain(
      '     from 192.168.28.0/24 priority 16383 tos 0x0 protocol 18 lookup 5',
    );
  });
});
