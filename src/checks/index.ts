/** The kinds of checkers: a new one is its file and its line here. */
import { bfdCheck } from './bfd.ts';
import type { CheckerKind, ToldCheckerKind } from './checker.ts';
import type { CheckerConfig, TimedChecker } from './checker-config.ts';
import { dnsCheck } from './dns.ts';
import { fileCheck } from './file.ts';
import { grpcCheck } from './grpc.ts';
import { httpCheck, sslCheck } from './http.ts';
import { ldapCheck } from './ldap.ts';
import { miscCheck } from './misc.ts';
import { mysqlCheck } from './mysql.ts';
import { pingCheck } from './ping.ts';
import { postgresqlCheck } from './postgresql.ts';
import { redisCheck } from './redis.ts';
import { smtpCheck } from './smtp.ts';
import { tcpCheck } from './tcp.ts';
import { udpCheck } from './udp.ts';

/** Those that probe. */
export const checkerKinds: readonly CheckerKind[] = [
  tcpCheck,
  httpCheck,
  sslCheck,
  smtpCheck,
  dnsCheck,
  miscCheck,
  udpCheck,
  pingCheck,
  grpcCheck,
  redisCheck,
  postgresqlCheck,
  mysqlCheck,
  ldapCheck,
];

/** Those that are told. */
export const toldCheckerKinds: readonly ToldCheckerKind[] = [fileCheck, bfdCheck];

const byKeyword = new Map<string, CheckerKind>(checkerKinds.map((kind) => [kind.keyword, kind]));
const toldByKeyword = new Map<string, ToldCheckerKind>(toldCheckerKinds.map((kind) => [kind.keyword, kind]));

/** The kind of that keyword that probes; undefined: there is none. */
export const checkerKind = (keyword: CheckerConfig['kind']): CheckerKind | undefined => byKeyword.get(keyword);

/** The kind of that keyword that is told; undefined: there is none. */
export const toldCheckerKind = (keyword: CheckerConfig['kind']): ToldCheckerKind | undefined =>
  toldByKeyword.get(keyword);

/** Whether a checker asks its question itself. */
export const isTimed = (checker: CheckerConfig): checker is TimedChecker => byKeyword.has(checker.kind);

/** Whether the checker can be carried out. A server counts as healthy as far as its others go. */
export const isActedOn = ({ kind }: Pick<CheckerConfig, 'kind'>): boolean =>
  byKeyword.has(kind) || toldByKeyword.has(kind);
