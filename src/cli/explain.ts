/** `holdfast config explain KEYWORD`: what the tables say about a keyword. */
import { blockText, documentKeywords, explainKeyword, type KeywordDocumentation } from '../config/documentation.ts';
import { rootKeywords } from '../daemon/root.ts';

/** Prints the documentation of a keyword; 0, or 1 when there is none. */
export function explain(word: string, options: { json: boolean }): number {
  const { found, nearest } = explainKeyword(documentKeywords(rootKeywords), word);
  if (options.json) {
    const answer = { version: 1, keyword: word, found, ...(nearest === undefined ? {} : { nearest }) };
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  } else if (found.length > 0) {
    process.stdout.write(found.map((one) => `${explanation(one)}\n`).join('\n'));
  }
  if (found.length > 0) return 0;
  const hint = nearest === undefined ? 'docs/keywords.md has all of them' : `did you mean ${nearest}?`;
  process.stderr.write(`holdfast: unknown keyword '${word}': ${hint}\n`);
  return 1;
}

/** A keyword as aligned lines. */
export function explanation(one: KeywordDocumentation): string {
  const { facts } = one;
  const unit = facts?.kind === 'seconds' || facts?.kind === 'microseconds' ? facts.kind : undefined;
  const range =
    facts?.min === undefined
      ? undefined
      : facts.max === undefined
        ? `${facts.min} or more`
        : `${facts.min} to ${facts.max}`;
  const rows: [string, string | undefined][] = [
    ['in', one.blocks.map(blockText).join('; ')],
    [one.form === 'lines' ? 'lines' : 'value', one.form === 'obsolete' ? undefined : one.expected],
    ['type', facts === undefined ? undefined : TYPES[facts.kind]],
    ['unit', unit],
    ['range', range],
    [
      'default',
      one.form === 'value' ? (one.required ? 'none, it is required' : (one.default ?? 'none of its own')) : undefined,
    ],
    [
      'aliases',
      one.aliases.map(({ word, message }) => (message === undefined ? word : `${word} (${message})`)).join(', '),
    ],
    ['acted on', one.form === 'obsolete' ? 'no, obsolete' : one.actedOn === 'no' ? 'not yet' : one.actedOn],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [`  ${name.padEnd(10)}${text}`],
  );
  return [one.word, `  ${[one.doc, ...one.notes].join(' ')}`, ...lines].join('\n');
}

const TYPES = {
  integer: 'a whole number',
  seconds: 'a time',
  microseconds: 'a time',
  boolean: 'on or off; the keyword alone is on',
  flag: 'the keyword alone',
  word: 'a word',
} as const;
