/** docs/rfc-ledger.md and what it is made from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gaps, ledgerPage, proofsIn, proofsOf } from './ledger.ts';
import { type Requirement, requirements } from './requirements.ts';

const one: Requirement = { id: 'A01', level: 'MUST', reference: 'RFC 3768 §1', shown: '+-', says: 'a thing | is done' };
const source = (...names: string[]) => names.map((name) => `it('${name}', () => {});\n`).join('');

describe('docs/rfc-ledger.md', () => {
  it('has a test of each polarity, or a reason, for every requirement', () => {
    expect(gaps(requirements, proofsIn(join(import.meta.dirname, '..')))).toEqual([]);
  });

  it('is what the names of the tests say; when this fails: npm run docs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/rfc-ledger.md'), 'utf8');
    expect(page).toBe(ledgerPage(requirements, proofsIn(join(import.meta.dirname, '..'))));
  });

  it('has each id once, in order, and says something of it', () => {
    const ids = requirements.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids.filter((id) => id.startsWith('A'))).toHaveLength(46);
    expect(ids.filter((id) => id.startsWith('B'))).toHaveLength(62);
    expect(requirements.filter(({ says, reason }) => says === '' || reason === '')).toEqual([]);
  });
});

describe('gaps', () => {
  it('are a polarity without a test, and a tag without a requirement', () => {
    const proofs = proofsOf('x.test.ts', source('does it \u005bA01+]', 'does more \u005bA01+ B99-]', 'does less'));
    expect(gaps([one], proofs)).toEqual([
      'A01- has neither a test nor a reason',
      "B99- of 'does more' is no requirement",
    ]);
  });

  it('are not where a reason is given, unless there is a test as well', () => {
    expect(gaps([{ ...one, reason: 'not offered' }], [])).toEqual([]);
    const proofs = proofsOf('x.test.ts', source('does it \u005bA01+]'));
    expect(gaps([{ ...one, reason: 'not offered' }], proofs)).toEqual(['A01+ has a test and a reason for having none']);
  });
});

describe('ledgerPage', () => {
  it('names the tests of both polarities beside their requirement', () => {
    const proofs = proofsOf('x.test.ts', source('is not done twice \u005bA01-]', 'is done \u005bA01+]'));
    expect(ledgerPage([one], proofs)).toContain(
      '| A01 | MUST, RFC 3768 §1 | a thing \\| is done | + `x.test.ts` is done<br>- `x.test.ts` is not done twice |\n',
    );
  });
});
