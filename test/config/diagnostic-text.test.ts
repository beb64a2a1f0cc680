/** How a diagnostic looks on a terminal. */
import { describe, expect, it } from 'vitest';
import { formatDiagnostic, SourceText } from '../../src/config/diagnostic-text.ts';
import type { Diagnostic } from '../../src/config/diagnostics.ts';

const place = { file: 'a.conf', line: 2, column: 3, length: 4 };
const plain = { colour: false };
const diagnostic: Diagnostic = { severity: 'error', ...place, message: 'wrong', suggestion: 'write right' };

describe('formatDiagnostic', () => {
  it('shows place, sentence, line and caret', () => {
    expect(formatDiagnostic(diagnostic, new SourceText('one\n  word x\nthree\n'), plain)).toBe(
      ['a.conf:2:3: error: wrong; write right', '    2 |   word x', '      |   ^^^^'].join('\n'),
    );
  });

  it('keeps tabs before the caret and counts wide characters twice', () => {
    expect(formatDiagnostic({ ...diagnostic, column: 4, length: 2 }, new SourceText('x\n\t注é默认1\n'), plain)).toBe(
      ['a.conf:2:4: error: wrong; write right', '    2 | \t注é默认1', '      | \t   ^^^^'].join('\n'),
    );
  });

  it('leaves the line out when there is no source, or no such line', () => {
    const head = 'a.conf:2:3: error: wrong; write right';
    expect(formatDiagnostic(diagnostic, undefined, plain)).toBe(head);
    expect(formatDiagnostic(diagnostic, new SourceText('one line'), plain)).toBe(head);
  });

  it('lets no control character of the file reach the terminal', () => {
    const shown = formatDiagnostic(
      { ...diagnostic, message: "got '\x1b[2J'" },
      new SourceText('x\n  a\x1b]0;b\x07\u202e\r\n'),
      plain,
    );
    expect(shown).toBe(
      ["a.conf:2:3: error: got '\ufffd[2J'; write right", '    2 |   a\ufffd]0;b\ufffd\ufffd', '      |   ^^^^'].join(
        '\n',
      ),
    );
  });

  it('colours the severity and the caret only when asked', () => {
    expect(formatDiagnostic(diagnostic, new SourceText('x\n  word\n'), { colour: true })).toBe(
      '\x1b[1ma.conf:2:3:\x1b[0m \x1b[31merror:\x1b[0m wrong; write right\n    2 |   word\n      |   \x1b[31m^^^^\x1b[0m',
    );
  });

  it('is plain data before: JSON keeps it whole', () => {
    expect(JSON.parse(JSON.stringify(diagnostic))).toEqual(diagnostic);
  });

  it('of a long line the part around the word, with what is cut marked', () => {
    const long = `${'a'.repeat(300)} word ${'b'.repeat(300)}`;
    const [, line, caret] = formatDiagnostic(
      { ...diagnostic, line: 1, column: 302 },
      new SourceText(long),
      plain,
    ).split('\n');
    expect(line).toBe(`    1 | …${'a'.repeat(59)} word ${'b'.repeat(95)}…`);
    expect(caret).toBe(`      |  ${' '.repeat(60)}^^^^`);
    const cut = formatDiagnostic({ ...diagnostic, line: 1, column: 1, length: 600 }, new SourceText(long), plain);
    expect(cut.split('\n').map((shown) => shown.length)).toEqual([37, 8 + 161, 8 + 160]);
  });

  it('a line of a megabyte with a thousand mistakes takes no time', () => {
    const source = new SourceText('ab{ 😀'.repeat(200_000));
    for (let at = 0; at < 1000; at++) {
      const shown = formatDiagnostic({ ...diagnostic, line: 1, column: 1 + 5 * at, length: 1 }, source, plain);
      const [, line = '', caret = ''] = shown.split('\n');
      expect(Array.from(line)[caret.indexOf('^') - (at < 13 ? at : 12)]).toBe('a');
    }
  });

  it('names the lines that include the file, the innermost first', () => {
    const includedFrom = [
      { file: 'b.conf', line: 7 },
      { file: 'main.conf', line: 1 },
    ];
    expect(formatDiagnostic({ ...diagnostic, includedFrom }, new SourceText('x\n  word\n'), plain)).toBe(
      [
        'a.conf:2:3: error: wrong; write right',
        '    2 |   word',
        '      |   ^^^^',
        '      = included from b.conf:7, main.conf:1',
      ].join('\n'),
    );
  });
});
