/** The static blocks of a file with their places in it, for what refers to another block or counts along the file. */
import type { Statement } from '../config/tree.ts';
import type { RuleLine } from '../vrrp/rule-keywords.ts';
import type { Placed, StaticReadings } from '../vrrp/statics.ts';
import type { RootReading } from './root.ts';

/** Read from the statements: to be asked for once, so that a line stays the same object. */
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

/** All rules, in the order of the file. */
export function rulesInOrder(
  { values }: RootReading,
  { rules }: StaticReadings,
  statements: readonly Statement[],
): readonly RuleLine[] {
  const positionOf = positionsOf(statements);
  const ofInstances = values.instances.map((one): Placed<readonly RuleLine[]> => {
    return { position: positionOf(one.owner), content: one.values.virtualRules };
  });
  return [...rules, ...ofInstances].sort((a, b) => a.position - b.position).flatMap(({ content }) => content);
}

const positionsOf = (statements: readonly Statement[]): ((one: Statement) => number) => {
  const positions = new Map(statements.map(({ block }, i) => [block, i]));
  return ({ block }) => positions.get(block) ?? 0;
};
