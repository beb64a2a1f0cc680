/** FILE_CHECK: the number in a track_file counts. keepalived.conf(5) "FILE_CHECK". Main watches the file. */
import { HEALTHY, type ToldCheckerKind, unhealthy } from './checker.ts';
import type { FileChecker } from './checker-config.ts';

/** As low as this, the sum is a fault of the server. */
const FAULT = -2147483648;

export const fileCheck: ToldCheckerKind<FileChecker> = {
  keyword: 'FILE_CHECK',
  subject: ({ trackFile }) => ({ kind: 'file', name: trackFile }),
  judge({ weight, reverse }, { name, value }) {
    if (weight === 0) {
      const isDown = (value !== 0) !== reverse;
      return isDown ? unhealthy(`the number in ${name} is ${value}`) : HEALTHY;
    }
    const adds = value * (reverse ? -weight : weight);
    if (adds <= FAULT) return unhealthy(`the number in ${name} is ${value}, times ${weight}`);
    return adds === 0 ? HEALTHY : { outcome: 'healthy', weight: { adds } };
  },
};
