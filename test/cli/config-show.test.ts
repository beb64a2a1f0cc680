/** `holdfast config show`: what it prints is read as the same configuration again, by us and by keepalived. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configText } from '../../src/cli/config-show.ts';
import { readConfigurationTree } from '../../src/daemon/root.ts';
import { showConfiguration } from '../../src/daemon/shown-configuration.ts';
import type { ShownBlock, ShownItem } from '../../src/daemon/shown-item.ts';
import { isStrange } from '../config/strange-samples.ts';
import { withPlaces } from '../support/servers.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const directory = mkdtempSync(join(tmpdir(), 'holdfast-show-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SEEDS = join(import.meta.dirname, '../config/seeds');
const confFiles = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.conf'));
const samples = confFiles(CONFIG);
const seeds = confFiles(SEEDS);
const sample = (name: string) => readFileSync(join(CONFIG, name), 'utf8');

const read = (text: string) => readConfigurationTree('a.conf', () => text);
const shown = (text: string): ShownItem[] => showConfiguration(read(text));
const lines = (text: string): string[] =>
  configText(shown(text))
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));

/** The items of the first block with that keyword. */
function itemsOf(items: readonly ShownItem[], keyword: string): readonly ShownItem[] {
  const found = items.find((item): item is ShownBlock => item.kind === 'block' && item.keyword === keyword);
  return found?.items ?? [];
}

/** As it would stand in a file. */
const writeNumber = (value: unknown): string => (value === 0.000001 ? '0.000001' : String(value));

/** Everything that is read and written in a way of its own. */
const RICH = `
global_defs {
  router_id "two words"
  vrrp_garp_master_delay 7
  vrrp_garp_interval 0.000001
  script_user root
  notification_email { a@example.org }
}
vrrp_script chk { script "/bin/check it" }
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 50
  advert_int 1.4
  nopreempt
  preempt_delay 2.5
  lower_prio_no_advert
  garp_master_repeat 0
  virtual_ipaddress {
    192.168.4.15/24 brd + label eth0:1
    bad
    192.168.4.16 scope link dev eth1
  }
  virtual_ipaddress_excluded { 2001:db8::1/64 }
  track_script {
    chk weight -10
  }
}
virtual_server 192.168.4.15 0 {
  protocol UDP
  lb_algo sh sh-port
  lb_kind DR
  ops
  retry 3
  persistence_granularity 255.255.240.0
  real_server 192.168.4.100 90 {
    TCP_CHECK { connect_port 80 }
    HTTP_GET { url { path / } }
  }
  real_server 192.168.4.101 0 {
    lvs_method TUN
    weight 0
    inhibit_on_failure
  }
}
virtual_server fwmark 7 {
  lb_algo rr
  lb_kind TUN
  ip_family inet6
  persistence_timeout
  persistence_granularity 64
  real_server 2001:db8::2 { }
}
bfd_instance b { neighbor_ip 10.0.0.1 }
`;

describe('holdfast config show', () => {
  it.each(samples)('%s: what is shown is read as the same configuration', (name) => {
    const text = sample(name);
    const again = read(configText(shown(text)));
    expect({
      configuration: withPlaces(again.configuration),
      errors: again.diagnostics.filter(({ severity }) => severity === 'error'),
    }).toEqual({
      configuration: withPlaces(read(text).configuration),
      errors: [],
    });
  });

  it.each(seeds)('%s, mistakes and all: what is shown is read as the same configuration, without them', (name) => {
    const text = readFileSync(join(SEEDS, name), 'utf8');
    const again = read(configText(shown(text)));
    expect({
      configuration: withPlaces(again.configuration),
      errors: again.diagnostics.filter(({ severity }) => severity === 'error'),
    }).toEqual({ configuration: withPlaces(read(text).configuration), errors: [] });
  });

  it('so is one that uses everything, with its mistakes mended', () => {
    const { configuration, diagnostics } = read(RICH);
    expect(diagnostics.length).toBeGreaterThan(5);
    expect(configuration.virtualServers.length).toBe(2);
    const again = read(configText(shown(RICH)));
    expect(withPlaces(again.configuration)).toEqual(withPlaces(configuration));
    expect(again.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('fills in defaults, and says where the rest comes from', () => {
    const out = lines(RICH);
    expect(out).toContain('router_id "two words" # a.conf:3');
    expect(out).toContain('vrrp_garp_interval 0.000001 # a.conf:5');
    expect(out).toContain('priority 100 # default');
    expect(out).toContain('garp_master_delay 7 # a.conf:4 (global_defs)');
    expect(out).toContain('garp_lower_prio_delay 7 # a.conf:4 (global_defs)');
    expect(out).toContain(
      'garp_master_repeat 1 # a.conf:17, there: garp_master_repeat 0 (garp_master_repeat: 0 is not possible, it becomes 1)',
    );
    expect(out).toContain('192.168.4.15/24 dev eth0 brd 192.168.4.255 label eth0:1 # a.conf:19');
    expect(out).toContain('192.168.4.16/32 dev eth1 scope 253 # a.conf:21');
    expect(out).toContain('retry 3 # a.conf:33 (virtual_server)');
    expect(out).toContain('chk weight -10 # a.conf:25');
  });

  it('says what the agent makes of a value that it does not take as it is', () => {
    const out = lines(RICH);
    expect(out).toContain(
      'advert_int 1 # a.conf:13, there: advert_int 1.4 (advert_int: version 2 counts in whole seconds; 1 s is used)',
    );
    expect(out).toContain(
      'preempt_delay 0 # a.conf:15, there: preempt_delay 2.5 (preempt_delay does not go with nopreempt; it is ignored)',
    );
    const ignored = lines(
      'vrrp_instance V {\n interface eth0\n virtual_router_id 1\n state MASTER\n priority 9\n nopreempt\n}',
    );
    expect(ignored).toContain(
      '# nopreempt: no effect # a.conf:6 (nopreempt does not go with state MASTER; it is ignored)',
    );
  });

  it('names what is left out, and what is not acted on', () => {
    expect(
      lines('vrrp_instance V {\n interface eth0\n}\nvirtual_server 1.2.3.4 80 {\n}\nlinkbeat_interfaces {\n}\n'),
    ).toEqual(
      expect.arrayContaining([
        '# vrrp_instance V: left out # a.conf:1 (vrrp_instance V has no virtual_router_id; it is left out)',
        '# virtual_server 1.2.3.4 80: left out # a.conf:4 (virtual_server 1.2.3.4 80 has no real_server; it is left out)',
        'linkbeat_interfaces { # a.conf:6',
      ]),
    );
  });

  it('shows static things without a track_group that they cannot refer to', () => {
    const late =
      'static_routes {\n 10.0.0.0/8 dev eth0 track_group G metric 5\n}\ntrack_group G {\n group {\n V\n }\n}\n';
    expect(lines(late).find((line) => line.startsWith('10.0.0.0/8'))).toMatch(/^10\.0\.0\.0\/8 dev eth0 metric 5 #/);
  });

  it('marks the lines that do not count, and the values that were refused', () => {
    const out = lines(RICH);
    expect(out).toContain("# bad: left out # a.conf:20 (expected an IP address, got 'bad'; the line is ignored)");
    const text = (...more: string[]) =>
      `vrrp_instance V {\n interface eth0\n virtual_router_id 1\n ${more.join('\n ')}\n}`;
    expect(lines(text('priority 300'))).toContain(
      "priority 100 # a.conf:4, there: priority 300 (priority: expected an integer from 1 to 255, got '300'; 100 is used)",
    );
    expect(lines(text('version 4'))).toContain(
      "version 2 # default, there: version 4 (version: expected an integer from 2 to 3, got '4'; the line is ignored)",
    );
    expect(lines(text('track_script {', 'none', '}'))).toContain(
      '# none: left out # a.conf:5 (there is no vrrp_script none; it is not tracked)',
    );
  });

  it('an inherited weight stands beside the name that is tracked', () => {
    const text = `vrrp_script chk {\n script /bin/true\n weight -20\n}\nvrrp_instance V {\n interface eth0\n virtual_router_id 1\n track_script {\n  chk\n }\n}`;
    expect(lines(text)).toContain('chk weight -20 # a.conf:9');
    expect(lines(text.replace('weight -20', 'interval 2'))).toContain('chk # a.conf:9');
  });

  it('of JSON, each time says its unit and is the number that stands in files', () => {
    const values = (items: readonly ShownItem[]): readonly ShownItem[] =>
      items.flatMap((item) => (item.kind === 'block' ? values(item.items) : [item]));
    const times = values(shown(RICH)).flatMap((item) =>
      item.kind === 'value' && item.unit !== undefined ? [item] : [],
    );
    expect(times.length).toBeGreaterThan(15);
    for (const { keyword, value, words } of times)
      expect({ keyword, words }).toEqual({ keyword, words: [writeNumber(value)] });
    expect(times).toContainEqual(
      expect.objectContaining({
        keyword: 'advert_int',
        value: 1,
        unit: 'seconds',
        given: 'advert_int 1.4',
        source: { file: 'a.conf', line: 13 },
      }),
    );
    expect(times).toContainEqual(
      expect.objectContaining({
        keyword: 'garp_master_delay',
        source: { file: 'a.conf', line: 4, block: 'global_defs' },
      }),
    );
  });

  it('a default that is off is a comment: keepalived 2.2.7 reads vrrp_strict off as on', () => {
    expect(lines('')).toContain('# vrrp_strict off # default');
    expect(lines('global_defs {\n vrrp_strict off\n}')).toContain('vrrp_strict off # a.conf:2');
  });

  it('of two instances of a name the first one that can be read is shown', () => {
    const text = 'vrrp_instance V {\n interface eth0\n}\nvrrp_instance V {\n interface eth0\n virtual_router_id 9\n}\n';
    expect(lines(text)).toContain(
      '# vrrp_instance V: left out # a.conf:1 (vrrp_instance V has no virtual_router_id; it is left out)',
    );
    expect(lines(text)).toContain('virtual_router_id 9 # a.conf:6');
  });

  it('an empty file has the defaults of global_defs', () => {
    const [first] = shown('');
    expect(first).toMatchObject({ kind: 'block', keyword: 'global_defs', source: 'default' });
    expect(itemsOf(shown(''), 'global_defs')).toContainEqual({
      kind: 'value',
      keyword: 'vrrp_garp_master_delay',
      value: 5,
      unit: 'seconds',
      words: ['5'],
      source: 'default',
      actedOn: true,
    });
  });

  it('as JSON it survives unchanged', () => {
    const items = shown(RICH);
    expect(JSON.parse(JSON.stringify(items))).toEqual(items);
  });

  it.for(samples.filter((name) => !isStrange(name)))('%s: what is shown is fine for keepalived', (name, { skip }) => {
    skip(spawnSync('keepalived', ['--version']).error !== undefined, 'keepalived is not installed');
    skip(spawnSync('unshare', ['-n', 'true']).status !== 0, 'no network namespace can be made here (root is needed)');
    const file = join(directory, 'shown.conf');
    writeFileSync(file, configText(shown(sample(name))));
    const script = `
      ip link set lo up &&
      for name in eth0 eth1; do ip link add $name type veth peer name "p$name" && ip link set $name up; done &&
      ip addr add 192.168.4.5/24 dev eth0 && ip addr add 10.0.0.5/24 dev eth1 &&
      exec keepalived -t -f "$1"`;
    const { status, stdout, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', script, 'sh', file], {
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});
