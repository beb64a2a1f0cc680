/** Which word was meant: the nearest of a list, when it is near enough to be worth saying. */

/** Longer words are nobody's misspelling of a keyword. */
const WORD_MAX = 40;

/** How much searching is still worth it: a file with thousands of mistakes has one at its root. */
export interface Patience {
  /** Whether one more candidate may be looked at. */
  spend(): boolean;
}

/**
 * The candidate nearest to `word`, or undefined when none is near. Swapped neighbours count as one mistake; of equally
 * near candidates the one made of the same letters wins, then the one with the same beginning, then the first. Undefined
 * too when `patience` ends.
 */
export function nearestWord(word: string, candidates: Iterable<string>, patience?: Patience): string | undefined {
  if (word.length < 2 || word.length > WORD_MAX) return undefined;
  const wanted = word.toLowerCase();
  const sortedLetters = letters(wanted);
  let best: { candidate: string; cost: number } | undefined;
  for (const candidate of candidates) {
    if (patience?.spend() === false) return undefined;
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (Math.abs(candidate.length - word.length) > limit || candidate === word) continue;
    const known = candidate.toLowerCase();
    const mistakes = distance(wanted, known);
    if (mistakes > limit || mistakes >= (best?.cost ?? Infinity)) continue;
    const cost = mistakes + (letters(known) === sortedLetters ? 0 : 0.5) + (known[0] === wanted[0] ? 0 : 0.25);
    if (cost < (best?.cost ?? Infinity)) best = { candidate, cost };
  }
  return best?.candidate;
}

const letters = (word: string): string => [...word].sort().join('');

/** Damerau and Levenshtein's distance (optimal string alignment): insert, delete, replace, swap neighbours. */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
