/** BFD_CHECK: healthy while a BFD session is up. keepalived.conf(5) "BFD_CHECK". Somebody else holds the session. */
import { HEALTHY, type ToldCheckerKind, unhealthy } from './checker.ts';
import type { BfdChecker } from './checker-config.ts';

export const bfdCheck: ToldCheckerKind<BfdChecker> = {
  keyword: 'BFD_CHECK',
  subject: ({ session }) => ({ kind: 'bfd', name: session }),
  judge: ({ session }, { value }) => (value === 0 ? unhealthy(`the BFD session ${session} is down`) : HEALTHY),
};
