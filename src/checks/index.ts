/** The kinds of checkers: a new one is its file and its line here. */
import type { CheckerKind } from './checker.ts';
import { tcpCheck } from './tcp.ts';

export const checkerKinds: readonly CheckerKind[] = [tcpCheck];

/** The kind of that keyword; every kind that a configuration can hold is there. */
export function checkerKind(keyword: CheckerKind['keyword']): CheckerKind {
  const kind = checkerKinds.find((candidate) => candidate.keyword === keyword);
  if (!kind) throw new Error(`assertion failed: no checker ${keyword}`);
  return kind;
}
