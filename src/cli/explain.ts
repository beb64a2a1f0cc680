/** `holdfast config explain [BLOCK] KEYWORD`: what is known of a keyword. */
import {
  type Answer,
  blockText,
  explainKeyword,
  type KeywordDocumentation,
  keywordsIn,
} from '../config/documentation.ts';
import { keywordDocumentation } from '../daemon/keyword-documentation.ts';

/** How many similar keywords are proposed. */
const PROPOSED_MAX = 20;

/**
 * Prints the documentation of a keyword; 0, or 1 when there is none.
 * @param words the keyword, after the blocks that it stands in if several have it: `real_server weight`
 */
export function explain(words: readonly string[], options: { json: boolean }): number {
  const all = keywordDocumentation();
  const { word, around } = questionOf(words, all);
  const answer = explainKeyword(all, word, around);
  const { found } = answer;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ version: 1, keyword: word, ...answer }, undefined, 2)}\n`);
  } else if (found.length > 0) {
    process.stdout.write(found.map((one) => `${explanation(one, word, all)}\n`).join('\n'));
    if (found.length > 1 && around.length === 0) process.stdout.write(`\n${narrower(found, word)}\n`);
  }
  if (found.length > 0) return 0;
  const where = around.length === 0 ? '' : ` in ${[...around].reverse().join(' of ')}`;
  process.stderr.write(`holdfast: unknown keyword '${word}'${where}: ${hint(answer)}\n`);
  return 1;
}

/** The keyword comes last; `real_server.weight` and `real_server weight` mean the same. */
function questionOf(words: readonly string[], all: readonly KeywordDocumentation[]) {
  const isKnown = (word: string): boolean => explainKeyword(all, word).found.length > 0;
  const parts = words.flatMap((word) => (isKnown(word) ? [word] : word.split(/[./]/).filter(Boolean)));
  // '$VIP', '@lb1', 'weight 10' are questions, too.
  const last = parts.at(-1) ?? '';
  const sigil = !isKnown(last) && /^([$@~])./.exec(last)?.[1];
  const general = sigil === '$' ? '$NAME' : sigil === '@' ? '@ID' : undefined;
  return { word: general ?? last, around: parts.slice(0, -1) };
}

function hint({ nearest, similar }: Answer): string {
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  if (similar === undefined) return 'docs/keywords.md has all of them';
  const more = similar.length > PROPOSED_MAX ? `, and ${similar.length - PROPOSED_MAX} more` : '';
  return `there are ${similar.slice(0, PROPOSED_MAX).join(', ')}${more}`;
}

/** How to ask for one of several. */
function narrower(found: readonly KeywordDocumentation[], word: string): string {
  const block = found.find(({ blocks }) => (blocks[0]?.length ?? 0) > 0)?.blocks[0]?.at(-1);
  return `${found.length} blocks have it; for one of them: holdfast config explain ${block ?? 'BLOCK'} ${word}`;
}

/** A keyword as aligned lines. @param asked as it was asked for, which may be another spelling */
export function explanation(one: KeywordDocumentation, asked: string, all: readonly KeywordDocumentation[]): string {
  const { facts } = one;
  const unit = facts?.kind === 'seconds' || facts?.kind === 'microseconds' ? facts.kind : undefined;
  const range =
    facts?.min === undefined
      ? undefined
      : facts.max === undefined
        ? `${facts.min} or more`
        : `${facts.min} to ${facts.max}`;
  const aliases = one.aliases.map(({ word, message }) => (message === undefined ? word : `${word} (${message})`));
  const inside = one.form === 'block' ? keywordsIn(all, [...(one.blocks[0] ?? []), one.word]) : [];
  const rows: [string, string | undefined][] = [
    ['in', one.blocks.length === 0 ? 'any place' : one.blocks.map(blockText).join('; ')],
    [FORMS[one.form], one.form === 'obsolete' ? undefined : one.expected],
    ['type', facts === undefined ? undefined : TYPES[facts.kind]],
    ['unit', unit],
    ['range', range],
    ['default', one.form === 'value' ? (one.required ? 'none, it is required' : (one.default ?? 'none')) : undefined],
    ['aliases', aliases.join(one.form === 'grammar' ? '; ' : ', ')],
    ['keywords', inside.join(', ')],
    ['acted on', one.form === 'obsolete' ? 'no, obsolete' : one.actedOn === 'no' ? 'not yet' : one.actedOn],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : wrapped(`  ${name.padEnd(10)}`, text),
  );
  const title = one.word === asked || one.form === 'grammar' ? one.word : `${one.word}, also written ${asked}`;
  return [title, ...wrapped('  ', [one.doc, ...one.notes].join(' ')), ...lines].join('\n');
}

const WIDTH = 100;

/** A text in lines that go on below where it begins. */
function wrapped(before: string, text: string): string[] {
  const lines: string[] = [];
  let line = before;
  for (const word of text.split(' ')) {
    const isFirst = line.trim() === '' || line === before;
    if (!isFirst && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(before.length) + word;
    } else line += `${isFirst ? '' : ' '}${word}`;
  }
  return [...lines, line];
}

const FORMS: Readonly<Record<KeywordDocumentation['form'], string>> = {
  value: 'value',
  lines: 'lines',
  block: 'value',
  obsolete: 'value',
  option: 'value',
  grammar: 'then',
};

const TYPES = {
  integer: 'a whole number',
  seconds: 'a time',
  microseconds: 'a time',
  boolean: 'on or off; the keyword alone is on',
  flag: 'the keyword alone',
  word: 'a word',
} as const;
