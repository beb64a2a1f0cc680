/** What the tests of elections beside other agents have in common: an instance's text, formulas, and waiting on packets. */
import { expect } from 'vitest';
import { Capture, type CapturedAdvertisement } from './capture.ts';
import { ADDRESS, INNER_ADDRESS, LINK_LOCAL, Pair, type PairOptions, type Side } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

export const VIP = '192.168.4.15';
/** Advertisement_Interval in seconds. */
export const INTERVAL = 0.2;
/** What scheduling may add, in seconds. */
export const TOLERANCE = 0.4;

/** RFC 5798 §6.1, in seconds. */
export const skewTime = (priority: number, interval = INTERVAL): number => ((256 - priority) / 256) * interval;
export const masterDownInterval = (priority: number, interval = INTERVAL): number =>
  3 * interval + skewTime(priority, interval);

/** holdfast and keepalived in both roles. */
export const pairs: readonly [PairAgentName, PairAgentName][] = [
  ['holdfast', 'keepalived'],
  ['keepalived', 'holdfast'],
];

/** A version 3 instance VI_1 with the VIP. */
export const instanceText = (
  priority: number,
  extra = '',
  name = 'VI_1',
  vrid = 50,
  vip = VIP,
  link = 'eth0',
): string => `vrrp_instance ${name} {
 interface ${link}
 virtual_router_id ${vrid}
 version 3
 priority ${priority}
 advert_int ${INTERVAL}
 ${extra}
 virtual_ipaddress {
  ${vip}/24
 }
}
`;

/** A pair of routers whose segment is captured. */
export class Stage {
  readonly pair: Pair;
  readonly capture: Capture;

  private constructor(pair: Pair, capture: Capture) {
    this.pair = pair;
    this.capture = capture;
  }

  static async build(options: PairOptions = {}): Promise<Stage> {
    const pair = await Pair.build(options);
    return new Stage(pair, await Capture.start(pair));
  }

  /** From now on: an index for the other functions. */
  get now(): number {
    return this.capture.advertisements.length;
  }

  /** The first advertisement of a side that is Master, from `since` on. */
  speaks(side: Side, since: number, vrid = 50, withinSeconds = 8): Promise<CapturedAdvertisement> {
    return this.capture.first(
      `${side} speaks for ${vrid}`,
      withinSeconds * 1000,
      (one) => isFrom(one, side) && one.priority > 0 && one.vrid === vrid,
      since,
    );
  }

  /** The priority zero of a side, from `since` on. */
  farewell(side: Side, since: number, vrid = 50): Promise<CapturedAdvertisement> {
    return this.capture.first(
      `${side} gives up ${vrid}`,
      8_000,
      (one) => isFrom(one, side) && one.priority === 0 && one.vrid === vrid,
      since,
    );
  }

  /** Who speaks in the next `count` advertisements. */
  async speakers(count: number): Promise<Set<string>> {
    const since = this.now;
    await this.capture.first(`${count} more`, 20_000, () => this.now >= since + count);
    return new Set(this.capture.advertisements.slice(since).map(({ source }) => source));
  }

  /** To be called after each test, with whether it failed. */
  async close(failed: boolean): Promise<void> {
    if (failed) {
      process.stderr.write(`${this.pair.report()}\n${JSON.stringify(this.capture.advertisements.slice(-20))}\n`);
    }
    await this.capture.stop();
    await this.pair.close();
  }
}

const isFrom = ({ source }: CapturedAdvertisement, side: Side): boolean =>
  [ADDRESS[side], INNER_ADDRESS[side], LINK_LOCAL[side]].includes(source);

/** That `then` came so many seconds after `first`, as a formula wants it. */
export function expectAfter(
  first: { readonly at: number } | undefined,
  then: { readonly at: number },
  seconds: number,
): void {
  expect(then.at - (first?.at ?? 0)).toBeGreaterThanOrEqual(seconds - 0.02);
  expect(then.at - (first?.at ?? 0)).toBeLessThan(seconds + TOLERANCE);
}
