/** The value of garp_extra_if. */
import { inSeconds, seconds } from '../base/time.ts';
import { integer, type ValueType, words } from '../config/values.ts';
import type { ExtraGarp } from './instance.ts';

const DAY_SECONDS = 86_400;

/** `[all] SECONDS`; 0 is never. */
export const extraGarp: ValueType<ExtraGarp> = {
  ...words(`all if wanted, and whole seconds from 0 to ${DAY_SECONDS}`, 1),
  read(given, complaints) {
    const [first] = given;
    const numbers = given.filter(({ text }) => text !== 'all');
    if (first === undefined) return undefined;
    if (numbers.length === 0) return complaints.refuse(first, 'there is no number of seconds after all');
    const intervals = numbers.map((word) => integer(0, DAY_SECONDS).read([word], complaints));
    const interval = intervals.includes(undefined) ? undefined : intervals.at(-1);
    return interval === undefined ? undefined : { all: numbers.length < given.length, interval: seconds(interval) };
  },
  show: ({ all, interval }) => `${all ? 'all ' : ''}${inSeconds(interval)}`,
};
