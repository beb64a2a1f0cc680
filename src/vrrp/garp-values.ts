/** The value of garp_extra_if. */
import { inSeconds, seconds } from '../base/time.ts';
import { integer, type ValueType, words } from '../config/values.ts';
import type { ExtraGarp } from './instance.ts';

const DAY_SECONDS = 86_400;

/** `[all] SECONDS`; 0 is never. */
export const extraGarp: ValueType<ExtraGarp> = {
  ...words(`all if wanted, and whole seconds from 0 to ${DAY_SECONDS}`, 1, 2),
  read(given, complaints) {
    const all = given[0]?.text === 'all';
    const word = all ? given[1] : given[0];
    if (word === undefined) return given[0] && complaints.refuse(given[0], 'there is no number of seconds after all');
    const interval = integer(0, DAY_SECONDS).read([word], complaints);
    return interval === undefined ? undefined : { all, interval: seconds(interval) };
  },
  show: ({ all, interval }) => `${all ? 'all ' : ''}${inSeconds(interval)}`,
};
