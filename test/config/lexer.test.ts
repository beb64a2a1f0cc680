import { describe, expect, it } from 'vitest';
import { Report } from '../../src/config/diagnostics.ts';
import { Lexer, type SlashesQuestion } from '../../src/config/lexer.ts';
import { decodeText, readSource } from '../../src/config/source.ts';
import { read, said } from './reading.ts';

const never: SlashesQuestion = () => false;

/** Words of each fragment, then how it ended. */
function fragments(text: string, isComment = never): string[][] {
  const report = new Report();
  const lexer = new Lexer([readSource('f', text, report)], report);
  const all: string[][] = [];
  while (lexer.next(isComment)) {
    all.push([...lexer.words().map((word) => word.text), ...(lexer.end === 'line' ? [] : [lexer.end])]);
  }
  return all;
}

/** Column and length of each word and brace. */
function places(text: string): [string, number, number][] {
  const report = new Report();
  const lexer = new Lexer([readSource('f', text, report)], report);
  const all: [string, number, number][] = [];
  while (lexer.next(never)) {
    for (const word of lexer.words()) all.push([word.text, word.column, word.length]);
    if (lexer.end !== 'line') all.push([lexer.end, lexer.brace().column, lexer.brace().length]);
  }
  return all;
}

describe('Lexer', () => {
  it('splits lines at braces, and each piece counts as a line', () => {
    expect(fragments('vrrp_instance V { interface eth0\n}')).toEqual([
      ['vrrp_instance', 'V', '{'],
      ['interface', 'eth0'],
      ['}'],
    ]);
    expect(fragments('virtual_ipaddress{10.0.0.1}')).toEqual([
      ['virtual_ipaddress', '{'],
      ['10.0.0.1', '}'],
    ]);
  });

  it('does not split at braces between double quotes', () => {
    expect(fragments('script "a { b } c" {')).toEqual([['script', 'a { b } c', '{']]);
  });

  it('ends a line at # and ! anywhere outside double quotes', () => {
    expect(fragments('interface eth0!x\npriority 5#y\n! all\nauth_pass "a#b!c" # d')).toEqual([
      ['interface', 'eth0'],
      ['priority', '5'],
      ['auth_pass', 'a#b!c'],
    ]);
  });

  it('starts a comment at \\# and \\! too, as keepalived 2.2.7 does, and says so', () => {
    expect(fragments('auth_pass a\\#b\nx \\!b\ny \\\\#b')).toEqual([['auth_pass', 'a'], ['x'], ['y', '\\\\']]);
    expect(said('global_defs {\n router_id a\\#b\n}\n')).toEqual([
      '2:13 warning: keepalived 2.2.7 takes \\# as the start of a comment; the rest of the line is not read; ' +
        'put the word into quotation marks if # belongs to it',
    ]);
  });

  it('takes other backslashes as they are, and one that ends the line as a part of the word before it', () => {
    expect(fragments('auth_pass a\\d\\\nx a \\ # b\nx "a" \\\n\\\nx { \\\n\\"a\\"')).toEqual([
      ['auth_pass', 'a\\d\\'],
      ['x', 'a\\'],
      ['x', 'a', '\\'],
      ['\\'],
      ['x', '{'],
      ['\\'],
      ['\\', 'a\\'],
    ]);
  });

  it('does not let single quotes protect anything', () => {
    expect(fragments("auth_pass 'a b' 'c#d'")).toEqual([['auth_pass', "'a", "b'", "'c"]]);
  });

  it('reads an empty quoted word, and lets a quote end the word before it', () => {
    expect(fragments('router_id ""\nx a"b c"d')).toEqual([
      ['router_id', ''],
      ['x', 'a', 'b c', 'd'],
    ]);
  });

  it('reads an open quote to the end of its line and says so', () => {
    expect(fragments('router_id "a b # c\nx')).toEqual([['router_id', 'a b # c'], ['x']]);
    expect(said('global_defs {\n router_id "a b\n}\n')).toEqual([
      '2:12 error: the quotation mark is not closed on this line; read up to the end of the line',
    ]);
  });

  it('asks about every word that starts with two slashes, and drops the rest of the line when told so', () => {
    const asked: [string[], string, string][] = [];
    const isComment: SlashesQuestion = (before, slashes, rest) => {
      asked.push([before.map((word) => word.text), slashes.text, rest]);
      return before.length !== 1;
    };
    expect(fragments('path //a //b { } "\n"//c" //d\n//e {', isComment)).toEqual([
      ['path', '//a'],
      ['//c', '//d'],
    ]);
    expect(asked).toEqual([
      [['path'], '//a', '//a //b { } "'],
      [['path', '//a'], '//b', '//b { } "'],
      [['//c'], '//d', '//d'],
      [[], '//e', '//e {'],
    ]);
  });

  it('counts columns in characters', () => {
    expect(places('  注释 x{ 😀😀 y')).toEqual([
      ['注释', 3, 2],
      ['x', 6, 1],
      ['{', 7, 1],
      ['😀😀', 9, 2],
      ['y', 12, 1],
    ]);
  });
});

describe('odd bytes', () => {
  it('accepts CR LF with a note', () => {
    expect(said('global_defs {\r\n router_id a\r\n}\r\n')).toEqual([
      '1:14 note: lines end in CR LF (Windows); accepted',
    ]);
  });

  it('skips a byte order mark and names it', () => {
    expect(said('\uFEFFglobal_defs {\n}\n')).toEqual([
      '1:1 warning: the file starts with a byte order mark, which keepalived reads as part of the first word; ' +
        'save it as UTF-8 without BOM',
    ]);
  });

  it.each([
    ['\u00a0', 'a non-breaking space (U+00A0)'],
    ['\u3000', 'an ideographic space (U+3000)'],
    ['\u200b', 'a zero-width space (U+200B)'],
    ['\u2009', 'an unusual blank (U+2009)'],
    ['\0', 'a NUL byte'],
  ])('takes %j as a blank and names it once', (blank, name) => {
    expect(said(`global_defs {\n${blank}router_id${blank}a\n${blank}vrrp_no_swap\n}\n`)).toEqual([
      `2:1 error: ${name} in this line, and 1 more line like it: keepalived takes it as a letter; ` +
        'type a plain space; such characters come with text copied from web pages',
    ]);
  });

  it('says nothing about them in comments', () => {
    expect(said('global_defs { # \u00a0\u201cx\u201d\n}\n')).toEqual([]);
  });

  it('names curly quotation marks', () => {
    expect(said('global_defs {\n router_id \u201ca\u201d\n}\n')).toEqual([
      '2:12 error: a curly quotation mark in this line: keepalived takes it as a letter; write "',
    ]);
  });

  it('decodes what is not UTF-8 and says where', () => {
    const bytes = Uint8Array.of(...new TextEncoder().encode('! a\nglobal_defs { ! '), 0xe9, 0x0a, 0x7d);
    expect(decodeText(bytes)).toBe('! a\nglobal_defs { ! \ufffd\n}');
    expect(said(bytes)).toEqual(['2:17 note: the file has bytes that are not UTF-8; save it as UTF-8']);
  });

  it('reads lines that keepalived would drop for their length, with a warning', () => {
    expect(said(`! ${'x'.repeat(1021)}\n`)).toEqual([]);
    expect(said(`! ${'x'.repeat(1022)}\n`)).toEqual([
      '1:1 warning: the line is longer than 1023 bytes; keepalived reads what follows them as a line of its own',
    ]);
    const exitCode = (rest: string) => read(`! ${'x'.repeat(1021)}${rest}\n`).exitCode;
    expect(['', ' ', ' # y', 'y'].map(exitCode)).toEqual([0, 0, 0, 5]);
  });
});
