/** The weight of a real server that its checkers have a say in: MISC_CHECK with misc_dynamic, FILE_CHECK with a weight. */
import type { WeightOpinion } from './health.ts';

/** Weights of IPVS are 0 to this. */
const WEIGHT_MAX = 2_147_483_647;

/**
 * What the configured weight and the opinions come to. Each opinion moves the weight by its difference to the configured one,
 * so that several add up; the sum is kept within what the kernel takes.
 */
export function effectiveWeight(configured: number, opinions: Iterable<WeightOpinion>): number {
  let sum = configured;
  for (const opinion of opinions) {
    if (opinion !== undefined) sum += 'adds' in opinion ? opinion.adds : opinion.becomes - configured;
  }
  return Math.min(WEIGHT_MAX, Math.max(0, sum));
}
