/**
 * Holds what the file wants of the host whatever the virtual routers do (vrrp/statics.ts), from start to stop, and says
 * which instances cannot take part while some of it cannot be had. keepalived.conf(5) "Static track groups".
 */
import { NO_POSSESSIONS, type Possessions, without } from '../vrrp/possessions.ts';
import { routeText, ruleText } from '../vrrp/routing-text.ts';
import type { Statics } from '../vrrp/statics.ts';
import { emptyHands, type Holder } from './holder.ts';
import type { Interfaces } from './interfaces.ts';
import { addressKey } from './router.ts';

const NOTHING: Statics = { addresses: [], routes: [], rules: [], groups: [] };

/** See the file's head. */
export class StaticHolder implements Holder {
  readonly title = 'static';
  readonly fields = {};
  readonly refusesPackets = false;
  readonly held;
  readonly heldRouting;
  readonly problems;
  readonly fights;
  retired: Possessions = NO_POSSESSIONS;
  /** False once the agent is on its way out. */
  isEntitled = true;
  #statics: Statics = NOTHING;

  constructor() {
    ({ held: this.held, heldRouting: this.heldRouting, problems: this.problems, fights: this.fights } = emptyHands());
  }

  get all(): Statics {
    return this.#statics;
  }

  /** Whether there is anything to hold or to remove. */
  get isBusy(): boolean {
    return [this.#statics, this.retired].some((all) => all.addresses.length + all.routes.length + all.rules.length > 0);
  }

  /** Start and reload. @returns whether anything is different */
  configure(statics: Statics = NOTHING): boolean {
    if (JSON.stringify(statics) === JSON.stringify(this.#statics)) return false;
    this.retired = without(this.#statics, statics);
    this.#statics = statics;
    return true;
  }

  countLoss(): void {}

  /** Why an instance cannot take part, as sentences. */
  faultsOf(instance: string, interfaces: Pick<Interfaces, 'problemOf'>): readonly string[] {
    const { addresses, routes, rules, groups } = this.#statics;
    const names = new Set(groups.filter(({ members }) => members.includes(instance)).map(({ name }) => name));
    if (names.size === 0) return [];
    const tracked = [
      ...addresses.map((one) => ({ group: one.trackGroup, key: addressKey(one), on: one.interface })),
      ...routes.map((one) => ({ group: one.trackGroup, key: routeText(one), on: one.interface })),
      ...rules.map((one) => ({ group: one.trackGroup, key: ruleText(one), on: one.inputInterface })),
    ].filter(({ group }) => group !== undefined && names.has(group));
    const faults = tracked.flatMap(({ key, on }) => {
      const problem = on === undefined ? undefined : interfaces.problemOf(on);
      return [problem ?? this.#missing(key)].filter((sentence) => sentence !== undefined);
    });
    return [...new Set(faults)];
  }

  #missing(key: string): string | undefined {
    const isThere = this.held.has(key) || this.heldRouting.has(key);
    return isThere ? undefined : this.problems.get(key);
  }
}
