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
    ['chk weight', '8:5 error: weight of chk has no value; the line is ignored'],
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

describe('what members of a sync group track', () => {
  const tracking = (group: readonly string[], ...own: string[]) => {
    const instances =
      instanceWith(...own) + instanceWith().replace('VI_1', 'VI_2').replace('eth0', 'eth1').replace('50', '51');
    const text = `${script}${instances}vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\n${group.join('\n')}\n}\n`;
    const { configuration, diagnostics } = read(text);
    return {
      groups: configuration.syncGroups,
      tracking: configuration.instances.map((one) => one.tracking),
      said: diagnostics.filter(({ severity }) => severity !== 'note').map(({ message }) => message),
    };
  };
  const NONE = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };
  const chk = (weight: number) => ({ name: 'chk', weight, reverse: false });

  it('is what the group tracks, with its weights', () => {
    expect(tracking(['track_script {', 'chk weight -20', '}'])).toEqual({
      groups: [
        {
          name: 'G',
          members: ['VI_1', 'VI_2'],
          notify: {},
          tracking: { ...NONE, scripts: [chk(-20)] },
          trackingWeight: false,
        },
      ],
      tracking: [
        { ...NONE, scripts: [{ ...chk(-20), ofGroup: true }] },
        { ...NONE, scripts: [{ ...chk(-20), ofGroup: true }] },
      ],
      said: [],
    });
  });

  it('is their own without weights, and with them where that is said', () => {
    const own = ['track_script {', 'chk weight 5', '}'];
    expect(tracking([], ...own)).toMatchObject({
      tracking: [NONE, NONE],
      said: ['the weight of chk has no effect in a sync group; it is not tracked'],
    });
    expect(tracking(['sync_group_tracking_weight'], ...own)).toMatchObject({
      tracking: [{ ...NONE, scripts: [chk(5)] }, NONE],
      said: [],
    });
    expect(tracking([], 'track_script {', 'chk', '}')).toMatchObject({ tracking: [{ scripts: [chk(0)] }, NONE] });
  });

  it('is an interface that has to be up where its weight has no effect', () => {
    expect(tracking([], 'track_interface {', 'eth2 weight 5', '}')).toMatchObject({
      tracking: [{ interfaces: [{ name: 'eth2', weight: 0, reverse: false }] }, NONE],
      said: ['the weight of eth2 has no effect in a sync group; its failure is a fault'],
    });
  });

  it('is not the own interface once more', () => {
    expect(tracking(['track_interface {', 'eth1 weight 5', '}'])).toMatchObject({
      tracking: [{ interfaces: [{ name: 'eth1', weight: 5 }] }, NONE],
      said: ['eth1 is tracked by the group and by its member VI_2'],
    });
  });

  it('has no weight beside a member of priority 255', () => {
    expect(tracking(['track_script {', 'chk weight 5', '}'], 'priority 255')).toMatchObject({
      tracking: [{ scripts: [{ ...chk(0), ofGroup: true }] }, { scripts: [{ ...chk(0), ofGroup: true }] }],
      said: ['a member of G has priority 255, which does not change; chk has no weight, its failure is a fault'],
    });
  });

  it('follows notify_priority_changes of the group where they say nothing', () => {
    const tells = (...own: string[]) => {
      const text = `${instanceWith(...own)}vrrp_sync_group G {\ngroup {\nVI_1\n}\nnotify_priority_changes\n}\n`;
      return read(text).configuration.instances[0]?.notifyPriorityChanges;
    };
    expect([tells(), tells('notify_priority_changes no')]).toEqual([true, false]);
  });
});

describe('what an instance tracks', () => {
  const definitions = [
    'vrrp_script s {\nscript /bin/x\nweight 5 reverse\n}',
    'track_file f {\nfile /tmp/f\n}',
    'vrrp_track_process p {\nprocess x\nweight 5\n}',
    'bfd_instance b {\nneighbor_ip 192.168.4.9\nweight 5\n}',
  ].join('\n');
  const lines = (option = '') =>
    ['script s', 'file f', 'process p', 'bfd b'].flatMap((one) => {
      const [kind, name] = one.split(' ');
      return [`track_${kind} {`, `${name} ${option}`, '}'];
    });
  const trackingOf = (...given: string[]) =>
    read(`${definitions}\n${instanceWith(...given)}`).configuration.instances[0]?.tracking;
  const weights = (...given: string[]) => {
    const { scripts, files, processes, bfd } = trackingOf(...given) ?? {
      scripts: [],
      files: [],
      processes: [],
      bfd: [],
    };
    return [scripts, files, processes, bfd].map(
      (all) => all.map(({ weight, reverse }) => `${weight}${reverse ? 'r' : ''}`)[0],
    );
  };

  it('has the number of its line, and is reversed as the thing itself unless the line says so', () => {
    expect(weights(...lines())).toEqual(['5r', '1', '5', '5']);
    expect(weights(...lines('weight 7'))).toEqual(['7r', '7', '7', '7']);
    expect(weights(...lines('weight 7 noreverse'))).toEqual(['7', '7', '7', '7']);
    expect(weights(...lines('weight 254'))).toEqual(['253r', '254', '254', '5']);
  });

  it('is nothing with a weight where the priority is 255, but a process keeps it, which has no effect', () => {
    expect(weights('priority 255', ...lines())).toEqual([undefined, '0', '5', undefined]);
    expect(weights('priority 255', ...lines('weight 7'))).toEqual([undefined, undefined, '7', undefined]);
    expect(weights('priority 255', ...lines('weight 0'))).toEqual(['0r', '0', '0', '0']);
  });

  it('is not what is defined later in the file', () => {
    const text = `${instanceWith('track_script {', 's', '}')}${definitions}\n`;
    expect(read(text).configuration.instances[0]?.tracking.scripts).toEqual([]);
    expect(errors(text)).toContain(
      '5:1 error: the vrrp_script s comes later in the file; it is not tracked; move the vrrp_script before what tracks it',
    );
  });

  it('is not its own interface', () => {
    expect(trackingOf('track_interface {', 'eth0', 'eth1', '}')?.interfaces).toEqual([
      { name: 'eth1', weight: 0, reverse: false },
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
