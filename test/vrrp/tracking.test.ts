import { describe, expect, it } from 'vitest';
import type { Tracked, Tracking } from '../../src/vrrp/instance.ts';
import { judge, type TrackerKind, type TrackerState, type TrackingView } from '../../src/vrrp/tracking.ts';

const NONE: Tracking = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };

/** Knows these states by `kind name`, and the interfaces that are down. */
const view = (states: Record<string, TrackerState> = {}, down: readonly string[] = []): TrackingView => ({
  interfaceProblem: (name) => (down.includes(name) ? `interface ${name} is down` : undefined),
  stateOf: (kind, name) => states[`${kind} ${name}`],
});

const tracked = (weight: number, reverse = false, name = 'x'): Tracked => ({ name, weight, reverse });
const well = (priority = 100) => ({ priority, faults: [], awaited: [] });
const faulty = (...faults: string[]) => ({ priority: 100, faults, awaited: [] });

const listOf: Record<TrackerKind | 'interface', keyof Tracking> = {
  interface: 'interfaces',
  script: 'scripts',
  file: 'files',
  process: 'processes',
  bfd: 'bfd',
};
const tracking = (kind: TrackerKind | 'interface', one: Tracked): Tracking => ({ ...NONE, [listOf[kind]]: [one] });

describe('judge', () => {
  it('leaves a router that tracks nothing as it is', () => {
    expect(judge(NONE, 100, view())).toEqual(well());
  });

  // weight, reverse, what a good state and a bad state make of priority 100; undefined: a fault
  const twoStates: readonly [number, boolean, number | undefined, number | undefined][] = [
    [10, false, 110, 100],
    [-10, false, 100, 90],
    [0, false, 100, undefined],
    [10, true, 100, 110],
    [-10, true, 90, 100],
    [0, true, undefined, 100],
    [253, false, 254, 100],
    [-253, false, 100, 1],
  ];

  describe.each([
    ['script', 'script x succeeds', 'script x fails'],
    ['process', 'tracked process x runs', 'tracked process x does not run as it should'],
    ['bfd', 'BFD session x is up', 'BFD session x is down'],
  ] as const)('of a %s', (kind, upSentence, downSentence) => {
    it.each(twoStates)('with weight %i, reverse %s: up %s, down %s', (weight, reverse, whenUp, whenDown) => {
      const verdict = (state: TrackerState) =>
        judge(tracking(kind, tracked(weight, reverse)), 100, view({ [`${kind} x`]: state }));
      expect(verdict('up')).toEqual(whenUp === undefined ? faulty(upSentence) : well(whenUp));
      expect(verdict('down')).toEqual(whenDown === undefined ? faulty(downSentence) : well(whenDown));
    });

    it('without a result yet: waited for when its failure would be a fault, else without effect', () => {
      const verdict = (weight: number) =>
        judge(tracking(kind, tracked(weight)), 100, view({ [`${kind} x`]: 'unknown' }));
      expect(verdict(0).awaited).toHaveLength(1);
      expect(verdict(10)).toEqual(well());
      expect(verdict(-10)).toEqual(well());
    });

    it('that nobody watches has no effect', () => {
      expect(judge(tracking(kind, tracked(0)), 100, view())).toEqual(well());
    });
  });

  it.each(twoStates)(
    'of an interface with weight %i, reverse %s: up %s, down %s',
    (weight, reverse, whenUp, whenDown) => {
      const one = tracking('interface', tracked(weight, reverse));
      expect(judge(one, 100, view())).toEqual(whenUp === undefined ? faulty('interface x is up') : well(whenUp));
      expect(judge(one, 100, view({}, ['x']))).toEqual(
        whenDown === undefined ? faulty('interface x is down') : well(whenDown),
      );
    },
  );

  // as keepalived 2.2.7 has it; undefined: a fault
  it.each([
    [1, false, 5, 105],
    [2, false, -7, 86],
    [10, true, 3, 70],
    [100, false, 3, 254],
    [1, false, 253, 254],
    [1, false, -253, 1],
    [1, false, -254, undefined],
    [100, false, -3, undefined],
    [0, false, 0, 100],
    [0, false, 3, undefined],
    [0, false, -1, undefined],
    [0, true, 0, undefined],
    [0, true, 3, 100],
  ])('of a file with weight %i, reverse %s, that says %i: %s', (weight, reverse, value, priority) => {
    const one = tracking('file', tracked(weight, reverse));
    expect(judge(one, 100, view({ 'file x': value }))).toEqual(
      priority === undefined ? faulty(`tracked file x says ${value}`) : well(priority),
    );
  });

  it('adds all weights before it cuts the sum to 1-254 [A06- B07-]', () => {
    const many: Tracking = {
      ...NONE,
      interfaces: [tracked(-200, false, 'eth1')],
      scripts: [tracked(100, false, 'a'), tracked(50, false, 'b')],
      files: [tracked(2, false, 'f')],
    };
    const states = { 'script a': 'up', 'script b': 'up', 'file f': 20 } as const;
    expect(judge(many, 100, view(states, ['eth1']))).toEqual(well(90));
    expect(judge(many, 100, view(states))).toEqual(well(254));
    expect(judge(many, 100, view({ ...states, 'script a': 'down', 'script b': 'down' }, ['eth1']))).toEqual(well(1));
  });

  it('never changes the priority of the owner of the addresses, but its faults count [A06+]', () => {
    const one = { ...tracking('script', tracked(-50)), interfaces: [tracked(0, false, 'eth1')] };
    expect(judge(one, 255, view({ 'script x': 'down' }))).toEqual(well(255));
    expect(judge(one, 255, view({ 'script x': 'down' }, ['eth1']))).toEqual({
      ...faulty('interface eth1 is down'),
      priority: 255,
    });
  });

  it('names every fault once, and goes on counting weights', () => {
    const many: Tracking = {
      ...NONE,
      scripts: [tracked(0, false, 'a'), tracked(0, false, 'b'), tracked(20, false, 'c')],
    };
    expect(judge(many, 100, view({ 'script a': 'down', 'script b': 'down', 'script c': 'up' }))).toEqual({
      priority: 120,
      faults: ['script a fails', 'script b fails'],
      awaited: [],
    });
  });
});
