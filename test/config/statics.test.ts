/** static_ipaddress, static_routes, static_rules and track_group as they are read; the results are keepalived 2.2.7's. */
import { describe, expect, it } from 'vitest';
import { instanceWith, read, said } from './reading.ts';

const GROUP = 'track_group G {\n group {\n VI_1\n }\n}\n';
const statics = (text: string) => read(text).configuration.statics;
/** What is said about the lines before the instance, and the exit status. */
const judged = (text: string) => ({
  said: said(text + instanceWith()),
  exitCode: read(text + instanceWith()).exitCode,
});

describe('static things', () => {
  it('are read with their options, and with the groups that track them', () => {
    const text = `${GROUP}static_ipaddress {
 192.0.2.1/24 dev eth1 track_group G
 192.0.2.2 label eth0:1
}
static_routes {
 10.0.0.0/8 dev eth1 track_group G
}
static_rules {
 from 10.0.0.0/8 iif eth1 table 5 preference 7 track_group G
}
`;
    expect(statics(text)).toEqual({
      addresses: [
        { address: '192.0.2.1', prefixLength: 24, interface: 'eth1', scope: 0, trackGroup: 'G' },
        { address: '192.0.2.2', prefixLength: 32, interface: 'eth0', scope: 0, label: 'eth0:1' },
      ],
      routes: [
        {
          destination: { address: '10.0.0.0', prefixLength: 8 },
          action: 'prepend',
          interface: 'eth1',
          protocol: 18,
          tracked: true,
          trackGroup: 'G',
        },
      ],
      rules: [
        {
          family: 'inet',
          action: { type: 'table', table: 5 },
          priority: 7,
          from: { address: '10.0.0.0', prefixLength: 8 },
          inputInterface: 'eth1',
          protocol: 18,
          tracked: true,
          trackGroup: 'G',
        },
      ],
      groups: [{ name: 'G', members: ['VI_1'] }],
    });
    expect(judged(text)).toEqual({ said: [], exitCode: 0 });
  });

  it('without dev are on default_interface, or on eth0', () => {
    const text = 'static_ipaddress {\n 192.0.2.1/24\n}\n';
    expect(statics(text).addresses[0]?.interface).toBe('eth0');
    const elsewhere = `${text}global_defs {\n default_interface eth7\n}\n`;
    expect(statics(elsewhere).addresses[0]?.interface).toBe('eth7');
  });

  it('rules without a preference count down from 16384 along the file, those of instances among them', () => {
    const rule = (text: string) => `static_rules {\n from ${text} table 5\n}\n`;
    const instance = instanceWith('virtual_rules {', 'from 10.2.0.0/16 table 5', '}');
    const { configuration } = read(rule('10.1.0.0/16') + instance + rule('10.3.0.0/16') + rule('10.4.0.0/16'));
    expect(configuration.statics.rules.map(({ priority }) => priority)).toEqual([16384, 16382, 16381]);
    expect(configuration.instances[0]?.virtualRules[0]?.priority).toBe(16383);
  });

  it.each([
    [
      'static_ipaddress {\n 192.0.2.1 track_group G\n}\n',
      '2:2 error: there is no track_group G; nobody tracks 192.0.2.1',
    ],
    [
      `static_ipaddress {\n 192.0.2.1 track_group G\n}\n${GROUP}`,
      '2:2 error: the track_group G comes later; nobody tracks 192.0.2.1',
    ],
    [
      `${GROUP}static_routes {\n 10.0.0.0/8 via 192.0.2.9 no_track track_group G\n}\n`,
      '7:2 error: a route without dev cannot have a track_group; nobody tracks it',
    ],
    [
      `${GROUP}static_rules {\n from 10.0.0.0/8 table 5 preference 7 track_group G\n}\n`,
      '7:2 error: a rule without iif cannot have a track_group; nobody tracks it',
    ],
    [GROUP + GROUP, '6:13 error: track_group G is there already; this one is left out'],
  ])('%j is told, and nobody tracks it', (text, sentence) => {
    expect(judged(text)).toEqual({ said: [sentence], exitCode: 5 });
    const { addresses, routes, rules, groups } = statics(text);
    for (const one of [...addresses, ...routes, ...rules]) expect(one).not.toHaveProperty('trackGroup');
    expect(groups.length).toBeLessThan(2);
  });
});
