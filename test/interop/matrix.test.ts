/**
 * Two routers through both orders of start, stop, crash and return, in every way that they can be configured and with every
 * pair of agents: each time one MASTER, at the time that the formulas give. The times are those of captured packets.
 *
 * No time may be shorter than its formula. It may be longer, by what a process waits for its turn on a busy machine: a plain
 * timer of this process tells how much that is, in the same seconds. How long an agent takes to start is not judged here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CapturedAdvertisement } from './capture.ts';
import { masterDownInterval, Stage, skewTime } from './election.ts';
import { type Setting, settings } from './matrix-settings.ts';
import { ADDRESS, LINK_LOCAL, type Side } from './pair.ts';
import type { PairAgent, PairAgentName } from './pair-agent.ts';

/** Stamps are of another clock than timers, and both are rounded. FRR counts in hundredths of a second. */
const ROUNDING = 0.002;
const HUNDREDTH = 0.01;
/** What may come on top where nothing is late. */
const TURN = 0.3;
/** As holdfast has it: a busy machine is not to decide the election. */
const REAL_TIME = 'global_defs {\n vrrp_rt_priority 50\n vrrp_rlimit_rttime 10000000\n}\n';
/** FRR has its interface switched on by another process before it speaks. */
const SWITCHING_ON = 1;
/** How long the start of a process is waited for, in seconds; it is not judged. */
const START = 40;

const lateness: { at: number; late: number }[] = [];
let metronome: NodeJS.Timeout;

beforeAll(() => {
  let last = Date.now();
  metronome = setInterval(() => {
    const now = Date.now();
    lateness.push({ at: now / 1000, late: Math.max(0, now - last - 50) / 1000 });
    last = now;
  }, 50);
});
afterAll(() => clearInterval(metronome));

/** How late a process like the agents' may have been between two moments: it has several turns to wait for. */
const mayBeLate = (from: number, to: number): number =>
  TURN + 4 * Math.max(0, ...lateness.filter(({ at }) => at >= from - 1 && at <= to + 1).map(({ late }) => late));

/** A pair of agents in their life. */
class Life {
  readonly stage: Stage;
  readonly setting: Setting;
  readonly high: PairAgent;
  readonly low: PairAgent;

  constructor(stage: Stage, setting: Setting, [first, second]: readonly [PairAgentName, PairAgentName]) {
    const { directory } = stage.pair;
    this.stage = stage;
    this.setting = setting;
    const text = (priority: number, side: Side, agent: PairAgentName) =>
      (agent === 'keepalived' ? REAL_TIME : '') + setting.text(priority, side, agent, directory);
    this.high = stage.pair.agent('a', first, text(setting.high, 'a', first));
    this.low = stage.pair.agent('b', second, text(setting.low, 'b', second));
  }

  skew(side: Side): number {
    const { version, interval } = this.setting;
    return skewTime(this.#priority(side), version === 2 ? 1 : interval);
  }

  down(side: Side): number {
    const { version, interval } = this.setting;
    return version === 2 ? 3 * interval + this.skew(side) : masterDownInterval(this.#priority(side), interval);
  }

  #priority(side: Side): number {
    return side === 'a' ? this.setting.high : this.setting.low;
  }

  agentOf(side: Side): PairAgent {
    return side === 'a' ? this.high : this.low;
  }

  /** A side begins and is MASTER after its Master_Down_Interval, or at once. @param slack earlier or later by so much */
  async begins(side: Side, wait = this.down(side), slack = 0): Promise<void> {
    const agent = this.agentOf(side);
    const since = this.stage.now;
    const startedAt = Date.now() / 1000;
    const [entered, first] = await Promise.all([
      this.#enters(agent, wait === 0 ? 'MASTER STATE' : 'BACKUP STATE'),
      this.stage.speaks(side, since, 50, wait + START),
    ]);
    expect(first.at - startedAt).toBeGreaterThanOrEqual(wait - slack - this.#rounding(side));
    this.#expectBefore(entered, first, side, wait + slack);
    await this.alone(side);
  }

  /** The higher one comes back beside the lower MASTER; whatever it does by itself, it is MASTER in the end. */
  async returns(): Promise<void> {
    const { returns, delay = 0, interval } = this.setting;
    if (returns === 'at once') return this.begins('a', 0);
    // the delay counts from the first advertisement of the lower one, and the last before its end restarts the timer
    if (returns === 'preempts') return this.begins('a', this.down('a') + delay, delay === 0 ? 0 : interval);
    await this.#enters(this.high, 'BACKUP STATE');
    expect(await this.stage.speakers(5)).toEqual(new Set([this.#sourceOf('b')]));
    await this.gives('b', 'a');
    await this.joins('b');
  }

  /** A MASTER stops; the other one follows after Skew_Time. */
  async gives(from: Side, to: Side): Promise<void> {
    const since = this.stage.now;
    const stopped = this.agentOf(from).stop();
    const farewell = await this.stage.farewell(from, since);
    this.#expectAfter(farewell.at, await this.stage.speaks(to, since), to, this.skew(to));
    await stopped;
    await this.alone(to);
  }

  /** The higher one is killed; the lower one misses it. The guard of holdfast, which was left, would have said farewell. */
  async crashes(): Promise<void> {
    const since = this.stage.now;
    await this.high.kill();
    const takeover = await this.stage.speaks('b', since, 50, 20);
    const last = this.#before(takeover);
    this.#expectAfter(last?.at ?? 0, takeover, 'b', last?.priority === 0 ? this.skew('b') : this.down('b'));
  }

  /** A side comes beside a MASTER and changes nothing. */
  async joins(side: Side): Promise<void> {
    await this.#enters(this.agentOf(side), 'BACKUP STATE');
    // longer than any Master_Down_Interval
    await this.alone(side === 'a' ? 'b' : 'a', 5);
  }

  /** One side alone speaks, and nobody else holds the address. */
  async alone(side: Side, intervals = 2): Promise<void> {
    expect(await this.stage.speakers(this.setting.second ? 2 * intervals : intervals)).toEqual(
      new Set(this.#sourcesOf(side)),
    );
    if (this.high.name === 'frr' || this.low.name === 'frr') return; // its addresses stay, on a link that is off
    await this.stage.pair.settled(this.setting.address, side, 10);
  }

  /** Starts an agent; when it was known to have entered a state. */
  async #enters(agent: PairAgent, state: 'BACKUP STATE' | 'MASTER STATE'): Promise<number> {
    const since = agent.lines.length;
    agent.start();
    await agent.says(agent.name === 'frr' ? 'Initialize -> Backup' : state, START, since);
    return Date.now() / 1000;
  }

  #sourceOf(side: Side): string {
    return this.setting.address.includes(':') ? LINK_LOCAL[side] : ADDRESS[side];
  }

  #sourcesOf(side: Side): string[] {
    return this.setting.second ? [ADDRESS[side], side === 'a' ? '10.0.0.5' : '10.0.0.6'] : [this.#sourceOf(side)];
  }

  /** What the higher one said last before that. */
  #before(takeover: CapturedAdvertisement): CapturedAdvertisement | undefined {
    return this.stage.capture.advertisements.findLast(
      ({ at, source, vrid }) => source === this.#sourceOf('a') && vrid === 50 && at < takeover.at,
    );
  }

  #expectAfter(from: number, then: CapturedAdvertisement, side: Side, seconds: number): void {
    expect(then.at - from).toBeGreaterThanOrEqual(seconds - this.#rounding(side));
    this.#expectBefore(from, then, side, seconds);
  }

  #expectBefore(from: number, then: CapturedAdvertisement, side: Side, seconds: number): void {
    const more = this.agentOf(side).name === 'frr' ? SWITCHING_ON : 0;
    expect(then.at - from).toBeLessThan(seconds + more + mayBeLate(from, then.at));
  }

  #rounding(side: Side): number {
    return this.agentOf(side).name === 'frr' ? HUNDREDTH : ROUNDING;
  }
}

async function wholeLife(life: Life, setting: Setting): Promise<void> {
  const number = setting.weighs === undefined ? undefined : join(life.stage.pair.directory, setting.weighs);
  if (number !== undefined) writeFileSync(number, '0\n');
  await life.begins('b');
  await life.returns();
  await life.gives('a', 'b');
  await life.returns();
  await life.crashes();
  await life.returns();
  // the lower one comes and goes, in order and not, without any effect
  await life.low.stop();
  await life.joins('b');
  await life.low.kill();
  await life.joins('b');
  if (number !== undefined) {
    writeFileSync(number, '-60\n');
    await life.stage.speaks('b', life.stage.now, 50, 20);
    await life.alone('b');
    writeFileSync(number, '0\n');
    await life.stage.speaks('a', life.stage.now, 50, 20);
    await life.alone('a');
  }
  // the other order of start
  await life.low.stop();
  await life.high.stop();
  await life.begins('a', setting.returns === 'at once' ? 0 : life.down('a'));
  await life.joins('b');
}

describe.concurrent.each(settings)('$name', (setting) => {
  it.each(setting.pairs)(
    '%s above %s: in both orders of start, stop, crash and return there is one MASTER, in time',
    { timeout: 240_000 },
    async (first, second) => {
      const stage = await Stage.build({ second: setting.second ?? false });
      let failed = true;
      try {
        await wholeLife(new Life(stage, setting, [first, second]), setting);
        failed = false;
      } finally {
        await stage.close(failed);
      }
    },
  );
});
