/** The static blocks of a file with their places in it, for what refers to another block or counts along the file. */
import type { Statement } from '../config/tree.ts';
import type { StaticReadings } from '../vrrp/statics.ts';
import type { RootReading } from './root.ts';

/** What of the root is needed. */
export function staticReadings(root: RootReading, statements: readonly Statement[]): StaticReadings {
  const positionOf = positionsOf(statements);
  const placed = <Key extends 'staticAddresses' | 'staticRoutes' | 'staticRules'>(key: Key) =>
    root.given.flatMap((one) =>
      one.key === key
        ? [{ position: positionOf(one.statement), content: one.value as RootReading['values'][Key] }]
        : [],
    );
  return {
    addresses: placed('staticAddresses'),
    routes: placed('staticRoutes'),
    rules: placed('staticRules'),
    groups: root.values.trackGroups.flatMap(({ header: [name], owner, values }) =>
      name === undefined ? [] : [{ position: positionOf(owner), content: { name, members: values.group } }],
    ),
  };
}

const positionsOf = (statements: readonly Statement[]): ((one: Statement) => number) => {
  const positions = new Map(statements.map(({ block }, i) => [block, i]));
  return ({ block }) => positions.get(block) ?? 0;
};
