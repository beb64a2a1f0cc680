/**
 * The same things happen to holdfast and to keepalived: they tell the same. HOLDFAST_DIFFERENTIAL_COUNT scenarios (500) from
 * the seed HOLDFAST_DIFFERENTIAL_SEED (1) on; `npm run differential -- --help`.
 *
 * A machine that stands still for a moment can turn an order around: what differs is lived again, with its like only, up to three
 * times. What differs each time is a difference, and has to be one that docs/differences.md names.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isKnown, isTranslatable, knownDifferences } from './differential/known.ts';
import { describeScenario, type Scenario, scenarioOf } from './differential/scenario.ts';
import { live, type Told, VRIDS } from './differential/twins.ts';

const count = Number(process.env.HOLDFAST_DIFFERENTIAL_COUNT ?? 500);
const first = Number(process.env.HOLDFAST_DIFFERENTIAL_SEED ?? 1);

/** Batches at a time: more than that, and keepalived is late. */
const AT_ONCE = 3;

/** As many in one batch as there are VRIDs. */
function batches(scenarios: readonly Scenario[]): Scenario[][] {
  const all: Scenario[][] = [];
  let room = 0;
  for (const scenario of scenarios) {
    if (room < scenario.members.length) {
      all.push([]);
      room = VRIDS;
    }
    room -= scenario.members.length;
    all.at(-1)?.push(scenario);
  }
  return all;
}

async function liveAll(scenarios: readonly Scenario[], translates = false): Promise<Told[]> {
  const told: Told[] = [];
  const waiting = batches(scenarios);
  while (waiting.length > 0)
    told.push(...(await Promise.all(waiting.splice(0, AT_ONCE).map((batch) => live(batch, translates)))).flat());
  return told;
}

/** Subject by subject: which member of a group or the group itself is told of first is chance in keepalived. */
const differs = ({ keepalived, holdfast }: Told): boolean =>
  ['A', 'B', 'group'].some((subject) => of(subject, keepalived) !== of(subject, holdfast));
const of = (subject: string, lines: readonly string[]): string =>
  lines.filter((line) => line.startsWith(`${subject} `)).join('\n');

const describeTold = ({ scenario, keepalived, holdfast }: Told): string =>
  `${describeScenario(scenario)}\n  keepalived: ${keepalived.join(', ')}\n  holdfast:   ${holdfast.join(', ')}`;

it('every known difference is a line of docs/differences.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/differences.md'), 'utf8');
  expect(knownDifferences.filter((known) => !page.includes(`\n| ${known.page} |`))).toEqual([]);
});

it(`${count} lives from seed ${first} on are told alike by holdfast and keepalived`, { timeout: 900_000 }, async () => {
  const scenarios = Array.from({ length: count }, (_, i) => scenarioOf(first + i));
  const told = (await liveAll(scenarios)).filter(differs).map(({ scenario }) => scenario);
  const known = told.filter(isKnown);
  // where keepalived hears what stands for a known difference, there is none
  let suspects = told.filter((scenario) => !isKnown(scenario) || isTranslatable(scenario));
  let differing: Told[] = [];
  for (let round = 0; round < 3 && suspects.length > 0; round++) {
    differing = (await liveAll(suspects, true)).filter(differs);
    suspects = differing.map(({ scenario }) => scenario);
  }
  process.stderr.write(`seeds ${first} to ${first + count - 1}: ${known.length} of ${count} differ as documented\n`);
  expect(differing.map(describeTold).join('\n\n')).toBe('');
});
