/** Tables and the reader, on a language of their own. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Duration, seconds } from '../../src/base/time.ts';
import { Report } from '../../src/config/diagnostics.ts';
import { Reader } from '../../src/config/reader.ts';
import { readSource } from '../../src/config/source.ts';
import {
  block,
  blocks,
  type ConfigOf,
  choice,
  flag,
  LATER,
  list,
  NAME,
  obsolete,
  optional,
  required,
  table,
  value,
  variant,
} from '../../src/config/table.ts';
import { parse } from '../../src/config/tree.ts';
import { decimalSeconds, integer, text, wordOf, words } from '../../src/config/values.ts';
import { Vocabulary } from '../../src/config/vocabulary.ts';
import { sentence } from './reading.ts';

const engine = table({ power: optional('power', integer(1, 9), 3, 'Power.') });

const car = table({
  wheels: required('wheels', integer(1, 8), 'Wheels.'),
  colour: optional('colour', wordOf('red', 'blue'), 'red', 'Colour.', { aliases: ['color'], otherwise: 'blue' }),
  owner: value('owner', text('a name'), 'Owner.', { once: true }),
  pause: optional('pause', decimalSeconds(0, 9), seconds(2), 'Pause.', {
    aliases: [{ word: 'wait', message: 'wait is now called pause' }],
    later: (pause) => pause > seconds(5),
  }),
  horn: flag('horn', 'Horn.'),
  radio: value('radio', words('stations'), 'Radio.', LATER),
  price: value('price', integer(0, 99), 'Price.', { missingIs: 5, deprecated: 'price is obsolete' }),
  starter: obsolete('crank', 'long gone'),
  seats: list('seats', { expected: 'names', read: (line) => line.map((word) => word.text) }, 'Seats.'),
  engine: block('engine', engine, 'Engine.'),
  trailers: blocks('trailer', NAME, engine, 'Trailers.'),
  extras: choice([
    variant('roof', engine, 'Roof.', ({ keyword, values }) => ({ kind: keyword.text, power: values.power })),
    variant('hook', engine, 'Hook.', ({ keyword }) => ({ kind: keyword.text }), LATER),
  ]),
});

const root = table({ cars: blocks('car', NAME, car, 'Cars.') });

function readCars(...lines: string[]) {
  const report = new Report();
  const statements = parse([readSource('f', ['car a {', ...lines, '}'].join('\n'), report)], root, report);
  const owner = { keyword: { text: '', quoted: false, file: 'f', line: 1, column: 1, length: 1 }, args: [], raw: '' };
  const readings = new Reader(report, new Vocabulary(root)).read(root, owner, statements)?.values.cars ?? [];
  const { diagnostics, exitCode } = report.finish();
  return { values: readings[0]?.values, reading: readings[0], said: diagnostics.map(sentence), exitCode };
}

describe('ConfigOf', () => {
  it('infers what is read: defaults are there, values without one may be absent, notes have no key', () => {
    type Car = ConfigOf<(typeof car)['entries']>;
    expectTypeOf<Car['wheels']>().toEqualTypeOf<number>();
    expectTypeOf<Car['colour']>().toEqualTypeOf<'red' | 'blue'>();
    expectTypeOf<Car['owner']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Car['pause']>().toEqualTypeOf<Duration>();
    expectTypeOf<Car['horn']>().toEqualTypeOf<boolean>();
    expectTypeOf<Car['seats']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<keyof Car>().not.toEqualTypeOf<keyof (typeof car)['entries']>();
    expectTypeOf<'starter' extends keyof Car ? true : false>().toEqualTypeOf<false>();
  });
});

describe('reading a block', () => {
  it('tells what each statement gave, in the order of the file, when it is asked', () => {
    const { reading } = readCars('wheels 4', 'wheels x', 'seats {', 'a', 'b c', '}', 'crank', 'wheels 6');
    expect(reading?.given.map(({ key, value, statement }) => [key, value, statement.keyword.line])).toEqual([
      ['wheels', 4, 2],
      ['seats', ['a', 'b', 'c'], 4],
      ['wheels', 6, 9],
    ]);
  });

  it('fills in defaults and leaves out what has none', () => {
    expect(readCars('wheels 4')).toMatchObject({ said: [], exitCode: 0 });
    expect(readCars('wheels 4').values).toEqual({
      wheels: 4,
      colour: 'red',
      pause: seconds(2),
      horn: false,
      seats: [],
      trailers: [],
      extras: [],
    });
  });

  it('reads values, aliases, lists, and blocks of all kinds', () => {
    const { values, said } = readCars(
      'wheels 4',
      'color blue',
      'owner "A B"',
      'horn',
      'seats { x y',
      'z }',
      'engine { power 5 }',
      'trailer t { power 6 }',
      'trailer u {',
      '}',
      'roof { power 7 }',
    );
    expect(said).toEqual([]);
    expect(values).toMatchObject({ wheels: 4, colour: 'blue', owner: 'A B', horn: true, seats: ['x', 'y', 'z'] });
    expect(values?.engine?.values.power).toBe(5);
    expect(values?.trailers.map(({ header, values: { power } }) => [header[0]?.text, power])).toEqual([
      ['t', 6],
      ['u', 3],
    ]);
    expect(values?.extras).toEqual([{ kind: 'roof', power: 7 }]);
  });

  it('knows where a value was given', () => {
    const { reading } = readCars('wheels 4', 'horn');
    expect([reading?.at('horn')?.keyword.line, reading?.at('colour'), reading?.keyword.line]).toEqual([
      3,
      undefined,
      1,
    ]);
  });

  it('reads a block that is there twice as one', () => {
    expect(readCars('wheels 4', 'engine { power 5', '}', 'engine {', '}').values?.engine?.values.power).toBe(5);
  });

  it('leaves a block out without a required keyword, and says it once', () => {
    expect(readCars('horn')).toMatchObject({
      values: undefined,
      said: ['1:1 error: car a has no wheels; it is left out; add wheels with an integer from 1 to 8'],
      exitCode: 5,
    });
    expect(readCars('wheels 9')).toMatchObject({
      values: undefined,
      said: ["2:8 error: wheels: expected an integer from 1 to 8, got '9'; the block is left out"],
    });
  });

  it.each([
    ['owner', 2, '3:1 error: owner has no value, expected a name'],
    ['price', 5, '3:1 error: price has no value, expected an integer from 0 to 99'],
  ])('%s without value ends with %i', (line, exitCode, message) => {
    expect(readCars('wheels 4', line, 'wheels 5')).toMatchObject({
      exitCode,
      said: [message, '4:1 warning: wheels again, after line 2; 5 counts'],
    });
  });

  it.each([
    ['colour green', "3:8 error: colour: expected red or blue, got 'green'; blue is used"],
    ['pause 10', "3:7 error: pause: expected seconds from 0 to 9, got '10'; 2 s stays"],
    ['price 100', "3:7 error: price: expected an integer from 0 to 99, got '100'; the line is ignored"],
  ])('says what happens instead: %s', (line, message) => {
    expect(readCars('wheels 4', line).said).toEqual([message]);
  });

  it('names surplus words without changing keepalived’s exit code', () => {
    expect(readCars('wheels 4 5', 'horn loud')).toMatchObject({
      exitCode: 0,
      said: [
        "2:10 warning: unexpected '5' after the value of wheels; it is ignored",
        "3:6 warning: unexpected 'loud' after horn; it is ignored",
      ],
    });
  });

  it('lets the first count where that is the rule, and the last elsewhere', () => {
    expect(readCars('wheels 4', 'owner a', 'owner b')).toMatchObject({
      values: { owner: 'a' },
      said: ['4:1 error: owner again; the one in line 3 counts'],
      exitCode: 5,
    });
    expect(readCars('wheels 4', 'wheels 5')).toMatchObject({ values: { wheels: 5 }, exitCode: 0 });
    expect(readCars('wheels 4', 'wheels 4').said).toEqual([]);
  });

  it('speaks about old spellings, obsolete words and what is not acted on', () => {
    expect(readCars('wheels 4', 'wait 6', 'price 3', 'crank', 'radio x', 'hook { }').said).toEqual([
      '3:1 warning: wait is now called pause',
      '3:1 note: accepted, not acted on yet: wait 6 s, radio, hook',
      '4:1 warning: price is obsolete',
      '5:1 warning: crank: long gone',
    ]);
  });

  it('wants exactly one name where the header is a name', () => {
    expect(readCars('wheels 4', 'trailer {', '}', 'trailer a b {', '}').said).toEqual([
      "3:1 error: trailer needs a name before its '{'; it is left out",
      "5:11 error: unexpected 'b' after trailer a; it is left out; trailer takes exactly a name, in quotation marks if it has blanks",
    ]);
  });

  it('explains an unknown word by where it belongs, or what was meant', () => {
    expect(
      readCars('wheels 4', 'power 3', 'wheles 4', 'engine {', 'horn', 'pwoer 4', 'ownre x', '}', 'zzz').said,
    ).toEqual([
      "3:1 warning: unknown keyword 'power' in car; 'power' belongs in engine or in trailer or in roof",
      "4:1 warning: unknown keyword 'wheles' in car; did you mean wheels?",
      "6:1 warning: unknown keyword 'horn' in engine; 'horn' belongs in car",
      "7:1 warning: unknown keyword 'pwoer' in engine; did you mean power?",
      "8:1 warning: unknown keyword 'ownre' in engine; did you mean owner? It belongs in car",
      "10:1 warning: unknown keyword 'zzz' in car",
    ]);
  });

  it('names conflict markers', () => {
    expect(readCars('wheels 4', '<<<<<<< HEAD')).toMatchObject({
      exitCode: 5,
      said: ['3:1 warning: a conflict marker of a version control system; both sides are read; remove one'],
    });
  });

  it('refuses a table with one word twice', () => {
    expect(() => table({ a: flag('x', 'A.'), b: flag('y', 'B.', { aliases: ['x'] }) })).toThrow('two entries for x');
  });
});
