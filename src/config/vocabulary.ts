/** All words of all blocks: what to say about a word that stands where nobody knows it. */
import { slipInKeyword } from './slips.ts';
import { nearestWord } from './suggestion.ts';
import type { Entries, Entry, Found, Table } from './table.ts';

/** What there is to say about an unknown word. */
export interface Explanation {
  readonly message: string;
  readonly suggestion?: string;
}

/** The top level among the keywords of blocks. */
const TOP_LEVEL = '';

/** How many blocks are named for a word that many know. */
const HOMES_MAX = 3;

/** The words of a root table and all tables inside it. Made once; remembers nothing of what it is asked. */
export class Vocabulary {
  /** Word to the blocks that know it, outermost first. */
  readonly #homes = new Map<string, string[]>();
  readonly #words = new Map<Table<Entries>, string[]>();

  constructor(root: Table<Entries>) {
    // Two blocks may share a table, and a table may hold itself.
    const seen = new Map<string, Table<Entries>>();
    const queue: [string, Table<Entries>][] = [[TOP_LEVEL, root]];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [place, content] = next;
      for (const [word, found] of content.found) {
        if (found.entry.kind !== 'obsolete' && found.alias === undefined) this.#add(word, place);
        const inner = tableOf(found);
        if (inner === undefined || seen.get(word) === inner) continue;
        seen.set(word, inner);
        queue.push([word, inner]);
      }
    }
  }

  /**
   * @param path the keywords of the blocks that the word stands in, the innermost last; '' for the top level
   * @param hasBlock whether a block follows the word, which is then skipped
   * @param search whether to look for what was meant, which takes some time
   */
  explain(
    word: string,
    content: Table<Entries>,
    path: readonly string[],
    hasBlock: boolean,
    search: boolean,
  ): Explanation {
    const skipped = hasBlock ? '; it is skipped' : '';
    if (/^(<{7}|={7}|>{7}|\|{7})/.test(word)) {
      return {
        message: 'a conflict marker of a version control system',
        suggestion: 'both sides are read; remove one',
      };
    }
    if (word === '\\') {
      return {
        message: 'for keepalived a backslash at the end of a line is a word, also at the end of a comment',
        suggestion: 'remove it',
      };
    }
    const kind = hasBlock ? 'block' : 'keyword';
    const message = `unknown ${kind} '${word}' ${inside(path.at(-1) ?? '')}${skipped}`;
    const homes = this.#belongs(word, path);
    const near = search && homes === undefined ? this.#near(word, content) : undefined;
    const slip = search && homes === undefined ? slipInKeyword(word, (text) => content.found.has(text)) : undefined;
    const suggestion = slip ?? (homes === undefined ? near : `'${word}' belongs ${homes}`);
    return suggestion === undefined ? { message } : { message, suggestion };
  }

  /** Where the word belongs: the blocks that know it; of those around it only the innermost. */
  #belongs(word: string, path: readonly string[]): string | undefined {
    const homes = this.#homes.get(word) ?? [];
    const around = path.findLast((home) => homes.includes(home));
    const named = around === undefined ? homes.slice(0, HOMES_MAX) : [around];
    return named.length === 0 ? undefined : named.map(inside).join(' or ');
  }

  /** What was meant: a word of this block, or else one of another. */
  #near(word: string, content: Table<Entries>): string | undefined {
    const here = nearestWord(word, this.#wordsOf(content));
    if (here !== undefined) return `did you mean ${here}?`;
    const elsewhere = nearestWord(word, this.#homes.keys());
    return elsewhere && `did you mean ${elsewhere}? It belongs ${this.#belongs(elsewhere, [])}`;
  }

  #wordsOf(content: Table<Entries>): readonly string[] {
    const known = this.#words.get(content);
    if (known !== undefined) return known;
    const all = [...content.found].flatMap(([word, { entry, alias }]) =>
      entry.kind === 'obsolete' || alias !== undefined ? [] : [word],
    );
    this.#words.set(content, all);
    return all;
  }

  #add(word: string, place: string): void {
    const places = this.#homes.get(word);
    if (places === undefined) this.#homes.set(word, [place]);
    else if (!places.includes(place)) places.push(place);
  }
}

const inside = (home: string): string => (home === TOP_LEVEL ? 'at the top level' : `in ${home}`);

function tableOf({ entry, variant }: Found): Table<Entries> | undefined {
  if (variant !== undefined) return variant.table;
  return (entry as Entry).kind === 'block' ? (entry as { table: Table<Entries> }).table : undefined;
}
