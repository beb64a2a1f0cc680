/** readConfiguration: a file as a whole. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import type { Entries, Entry, Table } from '../../src/config/table.ts';
import { globalKeywords } from '../../src/daemon/global-keywords.ts';
import { readConfiguration, rootKeywords } from '../../src/daemon/root.ts';
import { DEFAULTS } from '../support/instances.ts';
import { realServer, tcpChecker, virtualServer, withPlaces } from '../support/servers.ts';

const read = (text: string) => readConfiguration('test.conf', () => text);
const DIRECTOR = readFileSync(join(import.meta.dirname, '../../config/lvs-dr/director1.conf'), 'utf8');

describe('readConfiguration', () => {
  it('reads a whole file into plain data', () => {
    const { configuration, diagnostics, exitCode } = read(DIRECTOR);
    expect({ diagnostics, exitCode }).toEqual({ diagnostics: [], exitCode: 0 });
    expect(withPlaces(configuration)).toEqual({
      interfaceDelays: [],
      polledLinks: [],
      spacing: { garp: ZERO, gna: ZERO, groups: [] },
      global: { ...globalKeywords.initial, routerId: 'lvs1', notificationEmail: [] },
      instances: [{ ...DEFAULTS, state: 'MASTER', authentication: { type: 'PASS', password: 'forlvs' } }],
      syncGroups: [],
      statics: { addresses: [], routes: [], rules: [], groups: [] },
      bfdInstances: [],
      garpGroups: [],
      tracked: { scripts: [], files: [], processes: [] },
      virtualServerGroups: [],
      virtualServers: [
        virtualServer({
          forwardingMethod: 'direct-route',
          delayLoop: seconds(3),
          realServers: [['192.168.4.100' as IpAddress, 1] as const, ['192.168.4.200' as IpAddress, 2] as const].map(
            ([address, weight]) =>
              realServer({
                address,
                weight,
                forwardingMethod: 'direct-route',
                delayLoop: seconds(3),
                checkers: [
                  tcpChecker({
                    connectAddress: address,
                    connectTimeout: seconds(3),
                    delayLoop: seconds(3),
                    warmup: seconds(3),
                  }),
                ],
              }),
          ),
        }),
      ],
    });
    expect(JSON.parse(JSON.stringify(configuration))).toEqual(configuration);
  });

  it('asks for the file that it was given, and passes on what that throws', () => {
    expect(() =>
      readConfiguration('/etc/keepalived/keepalived.conf', (path) => {
        throw new Error(`no ${path}`);
      }),
    ).toThrow('no /etc/keepalived/keepalived.conf');
  });

  it.each([
    ['nothing', '', 0],
    ['comments', '! a\n# b\n', 0],
    ['what is not acted on yet', 'vrrp_script x {\n script "/bin/x"\n}\nnet_namespace a\n', 0],
    ['an unknown word', 'foo\n', 5],
    ['a missing value', 'global_defs {\n vrrp_version\n foo\n}\n', 2],
    ['a missing value that keepalived survives', 'global_defs {\n router_id\n}\n', 5],
    ['a correction', 'global_defs {\n vrrp_rt_priority 100\n}\n', 5],
    ['zero as it stands in packaged files', 'global_defs {\n vrrp_garp_interval 0\n}\n', 5],
    ['nobody to mail to', 'global_defs {\n notification_email {\n }\n}\n', 5],
  ])('%s ends with keepalived’s exit code', (_name, text, exitCode) => {
    expect(read(text).exitCode).toBe(exitCode);
  });

  it('tells everything that is not acted on in one note', () => {
    expect(read('namespace_with_ipsets\nuse_pid_dir\nSSL {\n}').diagnostics).toEqual([
      {
        severity: 'note',
        file: 'test.conf',
        line: 1,
        column: 1,
        length: 21,
        message: 'accepted, not acted on yet: namespace_with_ipsets, use_pid_dir',
      },
    ]);
  });

  it('reads global_defs that stand there twice as one, and the last value of each keyword counts', () => {
    const { global } = read(
      'global_defs {\n router_id a\n vrrp_version 3\n}\nglobal_defs {\n router_id b\n}\n',
    ).configuration;
    expect(global).toMatchObject({ routerId: 'b', vrrpVersion: 3 });
  });

  it('knows what became of old words', () => {
    expect(read('global_defs {\n lvs_id a\n}\n').diagnostics.map(({ message }) => message)).toEqual([
      'lvs_id: long gone; write router_id',
    ]);
  });
});

describe('the tables', () => {
  const entries = (content: Table<Entries>, path: string): { path: string; word: string; doc: string }[] =>
    Object.values(content.entries).flatMap((like) => {
      const entry = like as Entry;
      const named = entry.kind === 'choice' ? entry.variants : [entry];
      const inner = entry.kind === 'block' ? [entry] : entry.kind === 'choice' ? entry.variants : [];
      return [
        ...named.map(({ word, doc }) => ({ path, word, doc })),
        ...inner.flatMap(({ word, table }) => entries(table, `${path}/${word}`)),
      ];
    });
  const all = entries(rootKeywords, '');

  it('have a word and a sentence for every keyword', () => {
    expect(all.length).toBeGreaterThan(250);
    expect(all.filter(({ word, doc }) => !/^\S+$/.test(word) || !/^\S.{2,}[a-z.]$/.test(doc))).toEqual([]);
  });
});

describe('auth_hmac', () => {
  it('is said to be without effect where two masters would follow from it', () => {
    const block = 'auth_hmac {\n key 1 abc\n active_key 1\n }';
    const text = (extra: string) => `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n ${extra}\n}\n`;
    const said = (extra: string) =>
      read(text(extra)).diagnostics.filter(({ message }) => message.includes('two masters'));
    expect(said(block)).toMatchObject([{ severity: 'warning', line: 4 }]);
    expect(said('')).toEqual([]);
  });
});
