import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { instant, later, milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import { restartDelay } from '../../src/daemon/child.ts';
import { openLog } from '../../src/daemon/log.ts';
import { removePidFile, runningAgent, writePidFile } from '../../src/daemon/pid-file.ts';
import { Questions } from '../../src/daemon/questions.ts';
import { RepairPace } from '../../src/daemon/repair-pace.ts';
import { VERSION } from '../../src/daemon/version.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('version', () => {
  it("is package.json's", () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(VERSION).toBe(version);
  });
});

describe('restartDelay', () => {
  it('is nothing the first time, then doubles up to a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 20].map(restartDelay)).toEqual(
      [0, 1, 2, 4, 8, 16, 32, 60, 60].map((n) => seconds(n)),
    );
  });
});

describe('RepairPace', () => {
  const start = instant(1_000_000);

  it('repairs at once five times, then after 1, 2, 4 … 32 s', () => {
    const pace = new RepairPace();
    const waits = Array.from({ length: 13 }, () => pace.next('192.0.2.1/32 dev eth0', start));
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 32, 32].map((n) => seconds(n)));
  });

  it('keeps a pace for each object', () => {
    const pace = new RepairPace();
    for (let i = 0; i < 6; i++) pace.next('a', start);
    expect(pace.next('a', start)).toBe(seconds(2));
    expect(pace.next('b', start)).toBe(ZERO);
  });

  it('forgets after a quiet minute', () => {
    const pace = new RepairPace();
    for (let i = 0; i < 9; i++) pace.next('a', start);
    expect(pace.next('a', later(start, seconds(59)))).toBe(seconds(16));
    expect(pace.next('a', later(start, seconds(59 + 60)))).toBe(ZERO);
  });
});

describe('Questions', () => {
  it('pairs answers with questions by number, whatever their order', async () => {
    const questions = new Questions(seconds(60));
    const ids: number[] = [];
    const send = (id: number) => ids.push(id) > 0;
    const answers = [questions.ask<string>(send), questions.ask<string>(send)];
    questions.answer(ids[1] ?? 0, 'second');
    questions.answer(ids[0] ?? 0, 'first');
    expect(await Promise.all(answers)).toEqual(['first', 'second']);
  });

  it('gives undefined when no answer comes, and drops one that comes too late', async () => {
    const questions = new Questions(milliseconds(1));
    let asked = 0;
    const answer = questions.ask<string>((id) => {
      asked = id;
      return true;
    });
    expect(await answer).toBeUndefined();
    expect(() => questions.answer(asked, 'late')).not.toThrow();
  });

  it.each([false, undefined])('does not wait where nobody can be asked (%s)', async (isThere) => {
    const questions = new Questions(seconds(3600));
    expect(await questions.ask<string>(() => isThere)).toBeUndefined();
  });
});

describe('pid file', () => {
  it('names a running agent, and nothing that is gone or something else', () => {
    const file = join(directory, 'a.pid');
    expect(runningAgent(file)).toBeUndefined();
    writeFileSync(file, 'nonsense\n');
    expect(runningAgent(file)).toBeUndefined();
    writeFileSync(file, '4194304\n'); // the largest pid Linux can have, plus one
    expect(runningAgent(file)).toBeUndefined();
    const program = join(directory, 'holdfast');
    writeFileSync(program, 'process.stdin.resume()');
    const start = (...words: string[]) => spawn(process.execPath, words, { stdio: ['pipe', 'ignore', 'ignore'] });
    const [agent, other] = [start(program), start('-e', 'process.stdin.resume() // holdfast')];
    writeFileSync(file, `${agent.pid}\n`);
    expect(runningAgent(file)).toBe(agent.pid);
    writeFileSync(file, `${other.pid}\n`);
    expect(runningAgent(file)).toBeUndefined();
    agent.kill('SIGKILL');
    other.kill('SIGKILL');
  });

  it('is removed by its owner only', () => {
    const file = join(directory, 'b.pid');
    writePidFile(file);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    expect(runningAgent(file)).toBeUndefined();
    writeFileSync(file, '1\n');
    removePidFile(file);
    expect(readFileSync(file, 'utf8')).toBe('1\n');
    writePidFile(file);
    removePidFile(file);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });
});

describe('log', () => {
  const record = {
    level: 'notice',
    event: 'state-change',
    message: '(VI_1) Entering MASTER STATE: no advertisement for 3.609 s',
    fields: { instance: 'VI_1', vrid: 51, from: 'BACKUP', to: 'MASTER', cause: 'master-down-timer', detail: undefined },
  } as const;

  const written = (format: 'text' | 'json', level: 'notice' | 'error') => {
    const lines: [number, string][] = [];
    openLog({ level, format, destination: (severity, line) => lines.push([severity, line]) }).write(record);
    return lines;
  };

  it('is one line with level, event, fields and the sentence', () => {
    expect(written('text', 'notice')).toEqual([
      [
        5,
        'level=notice event=state-change instance=VI_1 vrid=51 from=BACKUP to=MASTER cause=master-down-timer ' +
          'msg="(VI_1) Entering MASTER STATE: no advertisement for 3.609 s"',
      ],
    ]);
  });

  it('is one object as JSON', () => {
    const [[severity, line] = [0, '']] = written('json', 'notice');
    const { time, ...rest } = JSON.parse(line);
    expect(severity).toBe(5);
    expect(Number.isNaN(Date.parse(time))).toBe(false);
    expect(rest).toEqual({
      level: 'notice',
      event: 'state-change',
      message: record.message,
      instance: 'VI_1',
      vrid: 51,
      from: 'BACKUP',
      to: 'MASTER',
      cause: 'master-down-timer',
    });
  });

  it('leaves out what is below its level', () => {
    expect(written('text', 'error')).toEqual([]);
  });

  it('stays on one line whatever a field contains', () => {
    const lines: string[] = [];
    const log = openLog({ level: 'debug', format: 'text', destination: (_severity, line) => lines.push(line) });
    log.write({ level: 'info', event: 'x', message: 'two\nlines', fields: { reason: 'a "b"\nc=d' } });
    expect(lines).toEqual(['level=info event=x reason="a \\"b\\"\\nc=d" msg="two\\nlines"']);
  });
});
