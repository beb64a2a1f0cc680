/** Everything that is kept in the kernel for somebody, in the order in which it is added; it is removed the other way. */
import type { VirtualAddress } from './instance.ts';
import type { Route, Rule } from './route.ts';

export interface Possessions {
  readonly addresses: readonly VirtualAddress[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

export const NO_POSSESSIONS: Possessions = { addresses: [], routes: [], rules: [] };

/** What of `before` is not in `after`, or is there with other attributes, which makes it another one for the kernel. */
export function without(before: Possessions, after: Possessions): Possessions {
  const difference = <Thing>(all: readonly Thing[], kept: readonly Thing[]): Thing[] => {
    const texts = new Set(kept.map((thing) => JSON.stringify(thing)));
    return all.filter((thing) => !texts.has(JSON.stringify(thing)));
  };
  return {
    addresses: difference(before.addresses, after.addresses),
    routes: difference(before.routes, after.routes),
    rules: difference(before.rules, after.rules),
  };
}
