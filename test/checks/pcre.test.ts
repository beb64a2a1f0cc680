import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { translatePattern } from '../../src/checks/pcre.ts';

/** What of the text the expression finds; undefined: nothing. */
function found(expression: string, text: string, options: readonly string[] = []): string | undefined {
  const translated = translatePattern(expression, options);
  if (!translated.ok) throw new Error(translated.reason);
  return translated.value.exec(text)?.[0];
}

describe('translatePattern', () => {
  it.each([
    // what means something else in JavaScript
    ['^b', 'a\nb', undefined],
    ['a$', 'a\n', 'a'],
    ['a$', 'a\n\n', undefined],
    ['a.b', 'a\rb', 'a\rb'],
    ['a.b', 'a\nb', undefined],
    ['\\Aab\\z', 'ab', 'ab'],
    ['ab\\Z', 'ab\n', 'ab'],
    ['ab\\z', 'ab\n', undefined],
    ['\\h+', 'a \t\xa0b', ' \t\xa0'],
    ['a\\vb', 'a\x85b', 'a\x85b'],
    ['a\\Rb', 'a\r\nb', 'a\r\nb'],
    ['\\s', '\xa0', undefined],
    ['a\\Kb', 'ab', 'ab'],
    ['\\Qa.b\\E+', 'a.bb', 'a.bb'],
    ['\\x41\\x{42}\\103\\o{104}\\e', 'ABCD\x1b', 'ABCD\x1b'],
    ['{a}', '{a}', '{a}'],
    ['a{,2}', 'a{,2}', 'a{,2}'],
    // classes
    ['[]a]+', 'x]a', ']a'],
    ['[^]a]+', ']xa', 'x'],
    ['[[:alpha:][:digit:]_]+', '-aZ9_-', 'aZ9_'],
    ['[[:^space:]]+', ' ab ', 'ab'],
    ['[\\w.-]+', '/a.b-c/', 'a.b-c'],
    ['[\\S]+', ' ab ', 'ab'],
    ['[a\\b]+', 'a\b', 'a\b'],
    ['[\\x00-\\x1f]', 'a\x01', '\x01'],
    ['[a-c-]+', 'x-b', '-b'],
    ['[\\Qa-]\\E]+', 'b-]a', '-]a'],
    // groups
    ['(a)(b)?\\1', 'aa', 'aa'],
    ['(?<x>a)\\k<x>', 'aa', 'aa'],
    ['(?P<x>a)(?P=x)\\g{x}\\g1\\g{-1}', 'aaaaa', 'aaaaa'],
    ['(?:a|b)+c', 'xabc', 'abc'],
    ['(?=ab)a', 'ab', 'a'],
    ['(?<!a)b', 'ab', undefined],
    ['(?>a+)ab', 'aaab', undefined],
    ['a++ab', 'aaab', undefined],
    ['a(?#a comment)b', 'ab', 'ab'],
    // options inside
    ['(?i)aB', 'Ab', 'Ab'],
    ['a(?i:b)c', 'aBc', 'aBc'],
    ['a(?i:b)c', 'aBC', undefined],
    ['(a(?i)b)c', 'aBC', undefined],
    ['(?i)[a-f]+', 'xAfG', 'Af'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['(?x) a b # comment', 'ab', 'ab'],
    ['(?U)a+', 'aaa', 'a'],
    ['(?-i)a', 'A', undefined],
    ['\\bfoo\\b', 'a foo b', 'foo'],
  ])('%s in %j finds %j', (expression, text, expected) => {
    expect(found(expression, text)).toBe(expected);
  });

  it.each([
    [['caseless'], 'OK', 'ok'],
    [['extended'], 'o k', 'ok'],
    [['dotall'], 'o.k', 'o\nk'],
    [['multiline'], '^k', 'o\nk'],
    [['ungreedy'], 'k+?', 'kk'],
    [['utf'], '^.$', '\u{1f600}'],
    [['no_such_option', 'caseless'], 'OK', 'ok'],
  ])('takes regex_options %j (keepalived.conf(5) "regex_options")', (options, expression, text) => {
    expect(found(expression, text, options)).toBeDefined();
    expect(found(expression, text, [])).not.toBe(found(expression, text, options));
  });

  it('dollar_endonly lets $ mean the very end', () => {
    expect([found('a$', 'a\n'), found('a$', 'a\n', ['dollar_endonly'])]).toEqual(['a', undefined]);
  });

  it.each([
    ['(a', 'a ( without its )'],
    ['a)', 'a ) without its ('],
    ['[a', 'a [ without its ]'],
    ['*a', 'a quantifier with nothing before it'],
    ['a\\', 'it ends too early'],
    ['[b-a]', 'a range that goes backwards in [ ]'],
    ['[[:foo:]]', 'unknown class [:foo:]'],
    ['(?R)', '(?R is not known here'],
    ['(a)(?1)', '(?1 is not known here'],
    ['(?(1)a|b)', '(?( is not known here'],
    ['(*SKIP)', '(*SKIP) is not known here'],
    ['\\Ga', '\\G is not known here'],
    ['\\2(a)', 'there is no group 2'],
    ['\\k<x>', 'there is no group x'],
    ['(?<x>a)(?<x>b)', 'two groups are named x'],
  ])('refuses %s: %s', (expression, reason) => {
    expect(translatePattern(expression)).toEqual({ ok: false, reason });
  });

  it('finds a text in itself that is quoted, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', minLength: 1 }), (text) => {
        const quoted = text.replace(/[^0-9A-Za-z]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
        expect(found(quoted, `<${text}>`)).toBe(text);
      }),
    );
  });

  it('never throws and gives an expression or a reason', () => {
    const piece = fc.constantFrom(...'()[]{}*+?|\\^$.-:=!<>#aQEKxdh0123459,Pi&'.split(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const result = translatePattern(pieces.join(''));
        expect(result.ok ? result.value instanceof RegExp : result.reason.length > 0).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
