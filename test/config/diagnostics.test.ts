import { describe, expect, it } from 'vitest';
import { Report } from '../../src/config/diagnostics.ts';

const place = { file: 'a.conf', line: 2, column: 3, length: 4 };

describe('Report', () => {
  it('says each thing once, in the order of the file', () => {
    const report = new Report();
    report.error({ ...place, line: 9 }, 'late');
    report.warning(place, 'early');
    report.warning(place, 'early');
    report.note({ ...place, column: 1 }, 'first');
    const lines = report.finish().diagnostics.map(({ line, column, message }) => [line, column, message]);
    expect(lines).toEqual([
      [2, 1, 'first'],
      [2, 3, 'early'],
      [9, 3, 'late'],
    ]);
  });

  it('of a sentence that quotes a whole file the middle goes', () => {
    const report = new Report();
    report.error(place, `got '${'x'.repeat(1_000_000)}'; the line is ignored`, { suggestion: 'y'.repeat(1_000_000) });
    const [said] = report.finish().diagnostics;
    expect(said?.message).toBe(`got '${'x'.repeat(795)}…${'x'.repeat(178)}'; the line is ignored`);
    expect(said?.suggestion).toBe(`${'y'.repeat(800)}…${'y'.repeat(200)}`);
  });

  it('tells what is not acted on in one note per file, at the first place', () => {
    const report = new Report();
    for (const word of ['smtp_alert', 'notify', 'smtp_alert']) report.notActedOn(place, word);
    report.notActedOn({ ...place, file: 'b.conf' }, 'notify');
    expect(report.finish()).toEqual({
      diagnostics: [
        { severity: 'note', ...place, message: 'accepted, not acted on yet: smtp_alert, notify' },
        { severity: 'note', ...place, file: 'b.conf', message: 'accepted, not acted on yet: notify' },
      ],
      exitCode: 0,
    });
  });

  it.each([
    [[], 0],
    [['note'], 0],
    [['silent warning'], 0],
    [['warning'], 5],
    [['error', 'note'], 5],
    [['cannot run'], 4],
    [['cannot run', 'warning'], 5],
    [['security', 'warning'], 6],
    [['missing value', 'security', 'error'], 2],
  ] as const)('ends with keepalived’s exit code for %j: %i', (kinds, exitCode) => {
    const report = new Report();
    for (const kind of kinds) {
      if (kind === 'note') report.note(place, kind);
      else if (kind === 'silent warning') report.warning(place, kind, { exitCode: 0 });
      else if (kind === 'warning') report.warning(place, kind);
      else if (kind === 'error') report.error(place, kind);
      else
        report.error(place, kind, {
          exitCode: { 'cannot run': 4, security: 6, 'missing value': 2 }[kind] as 2 | 4 | 6,
        });
    }
    expect(report.finish().exitCode).toBe(exitCode);
  });

  it('stops listing after 1000, counts the rest, and loses no exit code', () => {
    const report = new Report();
    for (let line = 1; line <= 1500; line++) report.warning({ ...place, line }, 'again', { exitCode: 0 });
    report.error({ ...place, line: 2000 }, 'no value', { exitCode: 2 });
    const { diagnostics, exitCode } = report.finish();
    expect([diagnostics.length, diagnostics.at(-1)?.message, exitCode]).toEqual([1001, 'and 501 more', 2]);
  });
});
