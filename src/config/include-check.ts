/** Which files that include does not find are errors: include_check and the letters of includer to includea. */
import type { Alternative } from './glob.ts';
import type { ValueType } from './values.ts';

/** read: a file that is found cannot be read. The others: nothing matches a name, a pattern, a name in braces. */
const CHECKS = ['read', 'match', 'wildcard_match', 'brace_match'] as const;
type Check = (typeof CHECKS)[number];

const BY_KEYWORD: Readonly<Record<string, readonly Check[]>> = {
  includer: ['read'],
  includem: ['read', 'match'],
  includew: ['read', 'match', 'wildcard_match'],
  includeb: ['read', 'brace_match'],
  includea: CHECKS,
};

/** The words of include_check. Without a sign they are all that counts, and a file that matches must be readable. */
export const includeCheckWords: ValueType<string[]> = {
  expected: `read, match, wildcard_match and brace_match, with + or - in front of them or without`,
  minWords: 0,
  maxWords: Infinity,
  read(given, complaints) {
    const checks = new Set<Check>();
    for (const word of given) {
      const problem = applyWord(word.text, checks);
      if (problem !== undefined) complaints.correct(word, `'${word.text}' ${problem}; it is ignored`);
    }
    return given.map(({ text }) => text);
  },
  show: (value) => value.join(' '),
};

/** What is wrong with the word, if anything. */
function applyWord(word: string, checks: Set<Check>): string | undefined {
  const [, sign = '', name] = /^([+-]?)(.*)$/s.exec(word) ?? [];
  const check = CHECKS.find((one) => one === name);
  if (check === undefined) return `is none of ${CHECKS.join(', ')}`;
  if (sign === '-') checks.delete(check);
  else if (sign === '+') checks.add(check);
  else {
    const added = new Set([check, 'read' as const]);
    for (const one of added) if (checks.has(one)) return 'says again what stands before it; join them with +';
    for (const one of added) checks.add(one);
  }
  return undefined;
}

/** What is checked at a point of a file. */
export class CheckLevel {
  #checks: ReadonlySet<Check>;

  constructor(checks: Iterable<Check> = []) {
    this.#checks = new Set(checks);
  }

  /** Whether a file that is found and cannot be read is an error. */
  get wantsReadable(): boolean {
    return this.#checks.has('read');
  }

  copy(): CheckLevel {
    return new CheckLevel(this.#checks);
  }

  with(keyword: string): CheckLevel {
    return new CheckLevel([...this.#checks, ...(BY_KEYWORD[keyword] ?? [])]);
  }

  /** @param words of include_check; none mean all */
  set(words: string): void {
    const given = words.replaceAll('"', ' ').trim().split(/\s+/).filter(Boolean);
    const [first = ''] = given;
    const checks = new Set<Check>(first === '' ? CHECKS : /^[+-]/.test(first) ? this.#checks : []);
    for (const word of given) applyWord(word, checks);
    this.#checks = checks;
  }

  /** Whether it is an error that something of a pattern was not found. */
  fails(pattern: string, found: readonly Alternative[]): boolean {
    const isNothing = found.every(({ paths }) => paths.length === 0);
    const hasBrace = pattern.includes('{');
    const hasWildcard = /[*?[\\]/.test(pattern);
    if (this.#checks.has('match') && isNothing && !hasBrace && !hasWildcard) return true;
    if (this.#checks.has('wildcard_match') && isNothing && hasWildcard) return true;
    return (
      this.#checks.has('brace_match') && hasBrace && found.some((one) => !one.hasWildcard && one.paths.length === 0)
    );
  }
}
