/** docs/keywords.md and what it is made from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { documentKeywords, explainKeyword, keywordsOf } from '../../src/config/documentation.ts';
import { keywordsPage } from '../../src/config/keywords-page.ts';
import {
  block,
  choice,
  flag,
  list,
  obsolete,
  optional,
  required,
  table,
  value,
  variant,
} from '../../src/config/table.ts';
import { integer, oneOf, wholeSeconds } from '../../src/config/values.ts';
import { keywordDocumentation } from '../../src/daemon/keyword-documentation.ts';
import { rootKeywords } from '../../src/daemon/root.ts';

const inner = table({
  wait: optional('wait', wholeSeconds(1, 9), seconds(2), 'Wait.', { aliases: ['pause'], once: true }),
  kind: value('kind', oneOf({ A: 'a', B: 'b' }), 'A kind.', { later: (kind) => kind === 'b' }),
});
const small = table({
  one: block('one', inner, 'The first.'),
  two: block('two', inner, 'The second.', { later: true }),
  count: required('count', integer(1, 5), 'How many.', { otherwise: 3 }),
  quick: flag('quick', 'Be quick.', { later: true }),
  lines: list('lines', { expected: 'a line', read: () => [] }, 'Lines.'),
  old: obsolete('old', 'write count'),
  any: choice([variant('X', table({ y: flag('y', 'Why.') }), 'An X.', () => 1)]),
});

describe('docs/keywords.md', () => {
  it('is what the tables say; when this fails: npm run docs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/keywords.md'), 'utf8');
    expect(page).toBe(keywordsPage(keywordDocumentation()));
  });

  it('has every word of every table', () => {
    const words = keywordsOf(keywordDocumentation());
    expect(words.length).toBeGreaterThan(250);
    const page = keywordsPage(keywordDocumentation());
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });
});

describe('documentKeywords', () => {
  const all = documentKeywords(small);

  it('tells type, unit, range, default, aliases and whether it is acted on', () => {
    expect(explainKeyword(all, 'pause').found).toEqual([
      {
        word: 'wait',
        aliases: [{ word: 'pause' }],
        blocks: [['one']],
        form: 'value',
        expected: 'whole seconds from 1 to 9',
        facts: { kind: 'seconds', min: 1, max: 9 },
        default: '2 s',
        required: false,
        actedOn: 'yes',
        doc: 'Wait.',
        notes: ['The first one counts.'],
      },
      expect.objectContaining({ blocks: [['two']], actedOn: 'no' }),
    ]);
  });

  it('a keyword of a block that is not acted on is not either', () => {
    expect(all.map(({ word, actedOn }) => `${word} ${actedOn}`)).toEqual([
      'one yes',
      'two no',
      'count yes',
      'quick no',
      'lines yes',
      'old no',
      'X yes',
      'wait yes',
      'kind not for every value',
      'wait no',
      'kind no',
      'y yes',
    ]);
  });

  it('what is the same in several blocks is told once, with all of them', () => {
    const { found } = explainKeyword(documentKeywords(rootKeywords), 'enable_sni');
    expect(found.map(({ blocks }) => blocks.map((path) => path.at(-1)))).toEqual([['HTTP_GET', 'SSL_GET']]);
  });

  it('an unknown word has the nearest keyword, if one is near', () => {
    expect(explainKeyword(all, 'cuont')).toEqual({ found: [], nearest: 'count' });
    expect(explainKeyword(all, 'elephant')).toEqual({ found: [] });
  });

  it('the page has a section a block, and marks what has no effect', () => {
    const page = keywordsPage(all);
    expect(page).toContain('## The top level\n');
    expect(page).toContain('| `wait` or `pause` | whole seconds from 1 to 9 | 2 s | Wait. The first one counts. |');
    expect(page).toContain(
      '| `count` | an integer from 1 to 5 **required** | — | How many. Anything else becomes 3. |',
    );
    expect(page).toContain('| `quick` | nothing after it | off | Be quick. (later) |');
  });

  it('a table inside itself ends', () => {
    const entries: Record<string, unknown> = {};
    const self = { ...table({ end: flag('end', 'The end.') }), entries };
    Object.assign(entries, { again: block('again', self as never, 'Again.') });
    expect(documentKeywords(self as never).map(({ word }) => word)).toEqual(['again']);
  });
});
