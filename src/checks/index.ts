/** The kinds of checkers: a new one is its file and its line here. */
import type { CheckerKind } from './checker.ts';
import type { CheckerConfig, TimedChecker } from './checker-config.ts';
import { tcpCheck } from './tcp.ts';

export const checkerKinds: readonly CheckerKind[] = [tcpCheck];

/** The kind of that keyword; undefined: not acted on yet. */
export const checkerKind = (keyword: CheckerConfig['kind']): CheckerKind | undefined =>
  checkerKinds.find((candidate) => candidate.keyword === keyword);

/** Whether the checker can be carried out. A server counts as healthy as far as its others go. */
export const isActedOn = (checker: CheckerConfig): checker is TimedChecker => checkerKind(checker.kind) !== undefined;
