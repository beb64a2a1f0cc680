import { describe, expect, it } from 'vitest';
import { instanceWith, read, said } from './reading.ts';

const script = 'vrrp_script chk {\nscript /bin/true\n}\n';
const errors = (text: string) => said(text).filter((line) => !line.includes(' note: '));

describe('a tracked thing', () => {
  it('that nobody defined is named, with what was meant', () => {
    expect(errors(script + instanceWith('track_script {', 'chek', '}'))).toEqual([
      '8:1 error: there is no vrrp_script chek; it is not tracked; did you mean chk?',
    ]);
    expect(errors(instanceWith('track_process {', 'p', '}'))).toEqual([
      '5:1 error: there is no vrrp_track_process p; it is not tracked',
    ]);
  });

  it('may be tracked once, with a weight', () => {
    expect(errors(script + instanceWith('track_script {', 'chk weight -20 reverse', '}'))).toEqual([]);
    expect(errors(script + instanceWith('track_script {', 'chk', 'chk weight 5', '}'))).toEqual([
      '9:1 warning: chk is tracked already; this line is ignored',
    ]);
  });

  it.each([
    ['chk weight 254', '8:12 warning: weight: 254 is outside -253 to 253, it becomes 253'],
    ['chk weight 300', "8:12 error: weight: expected an integer from -254 to 254, got '300'; it is ignored"],
    ['chk weight', '8:5 error: weight of chk has no value; it is ignored'],
    ['chk weight 5 back', "8:14 warning: weight: expected reverse or noreverse, got 'back'; it is ignored"],
  ])('%s is not as meant', (line, message) => {
    expect(errors(script + instanceWith('track_script {', line, '}'))).toEqual([message]);
  });

  it('does not change priority 255', () => {
    const text = script.replace('}', 'weight 5\n}') + instanceWith('priority 255', 'track_script {', 'chk', '}');
    expect(errors(text)).toEqual(['10:1 warning: priority 255 does not change, so chk is not tracked with a weight']);
  });
});

describe('a sync group', () => {
  const pair = instanceWith() + instanceWith().replace('VI_1', 'VI_2').replace('50', '51');
  const group = (...names: string[]) => `${pair}vrrp_sync_group G {\ngroup {\n${names.join('\n')}\n}\n}\n`;

  it('of instances that exist is nothing to talk about', () => {
    expect(errors(group('VI_1', 'VI_2'))).toEqual([]);
    expect(errors(`${pair}vrrp_sync_group G {\ngroup { VI_1 VI_2 }\n}\n`)).toEqual([]);
  });

  it('names members that do not exist, and groups with one or none', () => {
    expect(errors(group('VI_1', 'VI_3'))).toEqual([
      '15:1 warning: vrrp_sync_group G has one member only',
      '18:1 error: there is no vrrp_instance VI_3; it is left out of the group; did you mean VI_1?',
    ]);
    expect(errors(`${pair}vrrp_sync_group G {\n}\n`)).toEqual([
      '15:1 error: vrrp_sync_group G has no group of instances; it is left out',
    ]);
  });
});

describe('a virtual route', () => {
  const route = (line: string) => errors(instanceWith('virtual_routes {', line, '}'));

  it.each([
    '10.0.0.0/8 via 192.168.4.1 dev eth0',
    'default via 192.168.4.1 no_track',
    'to 10.0.0.0/8 dev eth0 mtu lock 1400',
  ])('%s is nothing to talk about', (line) => expect(route(line)).toEqual([]));

  it.each([
    ['10.0.0.0/8 via 192.168.4.1', '5:1 warning: a route without dev is not tracked; add dev or no_track'],
    ['via 192.168.4.1 dev eth0', '5:1 error: the route has no destination; the line is ignored'],
    ['10.0.0.0/8 dev eth0 metrik 5', "5:21 error: unknown word 'metrik'; the line is ignored; did you mean metric?"],
  ])('%s is not as meant', (line, message) => expect(route(line)).toEqual([message]));

  it('lacks the value of an option, which keepalived gives up at', () => {
    expect(read(instanceWith('virtual_routes {', '10.0.0.0/8 dev eth0 mtu', '}')).exitCode).toBe(2);
  });
});
