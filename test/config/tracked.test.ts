/** What vrrp_script, track_file and vrrp_track_process come to. */
import { describe, expect, it } from 'vitest';
import { milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import { instanceWith, read } from './reading.ts';

/** A block, and an instance that tracks NAME by it. */
const trackedOf = (keyword: string, track: string, name: string, ...lines: string[]) =>
  read(`${keyword} ${name} {\n${lines.join('\n')}\n}\n${instanceWith(`${track} {`, name, '}')}`).configuration.tracked;

const script = (...lines: string[]) => trackedOf('vrrp_script', 'track_script', 'chk', ...lines).scripts;
const file = (...lines: string[]) => trackedOf('track_file', 'track_file', 'f', 'file /tmp/f', ...lines).files;
const process = (...lines: string[]) => trackedOf('vrrp_track_process', 'track_process', 'p', ...lines).processes;

describe('vrrp_script', () => {
  it('runs every second, and fails after one interval, unless said otherwise', () => {
    const plain = { name: 'chk', weight: 0, reverse: false, rise: 1, fall: 1, initFail: false };
    expect(script('script "/bin/check -a \'b c\'"')).toEqual([
      {
        ...plain,
        script: { command: ['/bin/check', '-a', 'b c'] },
        interval: seconds(1),
      },
    ]);
    expect(script('script /bin/check', 'interval 2', 'user nobody nogroup')).toEqual([
      {
        ...plain,
        script: { command: ['/bin/check'], user: 'nobody', group: 'nogroup' },
        interval: seconds(2),
      },
    ]);
  });

  it('has what it was given', () => {
    expect(
      script('script /bin/check', 'interval 5', 'timeout 2', 'rise 3', 'fall 4', 'weight -20 reverse', 'init_fail')[0],
    ).toMatchObject({
      interval: seconds(5),
      timeout: seconds(2),
      rise: 3,
      fall: 4,
      weight: -20,
      reverse: true,
      initFail: true,
    });
  });

  it('is its first word only, where the words of the command stand without quotation marks', () => {
    expect(script('script /bin/check a b')[0]?.script).toEqual({ command: ['/bin/check'] });
  });

  it('without a script, or that nobody tracks, is left out', () => {
    expect(script('interval 5')).toEqual([]);
    expect(read(`vrrp_script chk {\nscript /bin/check\n}\n${instanceWith()}`).configuration.tracked.scripts).toEqual(
      [],
    );
  });

  it('is there when only a group tracks it', () => {
    const group = 'vrrp_sync_group G {\ngroup {\nVI_1\n}\ntrack_script {\nchk\n}\n}\n';
    const { tracked } = read(`vrrp_script chk {\nscript /bin/check\n}\n${group}${instanceWith()}`).configuration;
    expect(tracked.scripts.map(({ name }) => name)).toEqual(['chk']);
  });
});

describe('track_file', () => {
  it('has the weight 1 and is not made unless said otherwise', () => {
    expect(file()).toEqual([{ name: 'f', file: '/tmp/f', weight: 1, reverse: false }]);
    expect(file('weight 5 reverse')[0]).toMatchObject({ weight: 5, reverse: true });
  });

  it.each([
    ['init_file', { value: 0, overwrite: false }],
    ['init_file 7', { value: 7, overwrite: false }],
    ['init_file -3 overwrite', { value: -3, overwrite: true }],
    ['init_file overwrite', { value: 0, overwrite: true }],
  ])('%s is made at the start', (line, initial) => {
    expect(file(line)[0]?.initial).toEqual(initial);
  });
});

describe('vrrp_track_process', () => {
  it('wants one process of that name unless said otherwise', () => {
    expect(process('process nginx')).toEqual([
      {
        name: 'p',
        process: ['nginx'],
        parameterMatch: 'none',
        fullCommand: false,
        quorum: 1,
        forkDelay: ZERO,
        terminateDelay: ZERO,
        weight: 0,
        reverse: false,
      },
    ]);
  });

  it('has what it was given; delay is for both ways', () => {
    const given = ['process "/tmp/a b" p1 "p 2"', 'quorum 2', 'quorum_max 5', 'delay 1', 'fork_delay 0.5', 'weight 9'];
    expect(process(...given)[0]).toMatchObject({
      process: ['/tmp/a b', 'p1', 'p 2'],
      parameterMatch: 'exact',
      quorum: 2,
      quorumMax: 5,
      forkDelay: milliseconds(500),
      terminateDelay: seconds(1),
      weight: 9,
    });
  });

  it('compares parameters as param_match says; without a word it means none at all', () => {
    expect(process('process nginx', 'param_match')[0]?.parameterMatch).toBe('exact');
    expect(process('process nginx -g', 'param_match initial')[0]?.parameterMatch).toBe('initial');
    expect(process('process nginx -g', 'param_match partial')[0]?.parameterMatch).toBe('partial');
  });

  it('with quorum_max below quorum has no quorum_max; 0 means that there must be none', () => {
    expect(process('process nginx', 'quorum 3', 'quorum_max 2')[0]).not.toHaveProperty('quorumMax');
    expect(process('process nginx', 'quorum_max 0')[0]).toMatchObject({ quorumMax: 0 });
  });
});
