/** Named pipes as the real kernel has them. Needs root, for their owners. */
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { NotifyFifo } from '../../src/daemon/notify-fifo.ts';
import { ScriptRunner } from '../../src/daemon/script-runner.ts';
import { native } from '../../src/io/native.ts';
import { startCommand } from '../../src/io/run-command.ts';
import { until } from '../lab/process.ts';

let directory: string;
let path: string;
let logged: string[];
let runner: ScriptRunner;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'notify-fifo-'));
  path = join(directory, 'fifo');
  logged = [];
  runner = new ScriptRunner({
    resolve: ({ command: [program = '', ...args] }) => ok({ program, args, uid: 0, gid: 0, umask: 0o22 }),
    start: startCommand,
  });
});
afterEach(async () => {
  await runner.close();
  rmSync(directory, { recursive: true });
});

const open = (script?: string, umask = 0o177) =>
  new NotifyFifo(
    {
      path,
      owner: { uid: 65534, gid: 4 },
      umask,
      script: script === undefined ? undefined : { command: ['/bin/sh', script] },
    },
    { runner, log: (_level, _event, message) => logged.push(message) },
  );
const mode = () => (statSync(path).mode & 0o777).toString(8);
/** Everything that is in the pipe now. */
const content = () => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(65536);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
};

describe('a FIFO', () => {
  it('is made with mode 0644 less umask for its owner, keeps its lines, and is removed in the end', async () => {
    const fifo = open(undefined, 0o022);
    expect(mode()).toBe('644');
    expect(statSync(path)).toMatchObject({ uid: 65534, gid: 4 });
    fifo.write('INSTANCE "VI_1" BACKUP 100\n');
    fifo.write('INSTANCE "VI_1" MASTER 100\n');
    expect(content()).toBe('INSTANCE "VI_1" BACKUP 100\nINSTANCE "VI_1" MASTER 100\n');
    await fifo.close();
    expect(existsSync(path)).toBe(false);
  });

  it('is for its owner alone unless umask says otherwise', async () => {
    const fifo = open();
    expect(mode()).toBe('600');
    await fifo.close();
  });

  it('that is there already is used as it is, and stays', async () => {
    native().makeFifo(path, 0o640);
    const fifo = open();
    expect(mode()).toBe('640');
    expect(statSync(path).uid).toBe(0);
    fifo.write('x\n');
    expect(content()).toBe('x\n');
    await fifo.close();
    expect(existsSync(path)).toBe(true);
  });

  it('is never a file, a link or a folder that is there', () => {
    writeFileSync(path, 'precious');
    expect(() => open()).toThrow('it is there already and is no FIFO');
    expect(readFileSync(path, 'utf8')).toBe('precious');
    rmSync(path);
    symlinkSync('/etc/passwd', path);
    expect(() => open()).toThrow('ELOOP');
    path = directory;
    expect(() => open()).toThrow('EISDIR');
  });

  it('that nobody reads never blocks; what is lost is counted, and said once', async () => {
    const fifo = open();
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 100; i++) fifo.write(line);
    expect(logged).toEqual([`FIFO ${path}: nobody reads it and it is full`]);
    expect(content().length).toBeGreaterThan(60_000);
    fifo.write('again\n');
    expect(logged[1]).toMatch(/^FIFO .*: [0-9]+ lines were lost before it was read again$/);
    expect(content()).toBe('again\n');
    await fifo.close();
  });

  it('has a reader that gets the path as its last argument, and all lines to the last', async () => {
    const script = join(directory, 'reader.sh');
    const out = join(directory, 'out');
    writeFileSync(
      script,
      `echo "$@" > ${out}; while read -r line; do echo "$line" >> ${out}; done < "$1"; echo end >> ${out}\n`,
    );
    const fifo = open(script);
    fifo.write('one\n');
    await until('the reader reads', 5_000, () =>
      existsSync(out) && readFileSync(out, 'utf8').includes('one') ? true : undefined,
    );
    fifo.write('last\n');
    await fifo.close();
    expect(readFileSync(out, 'utf8')).toBe(`${path}\none\nlast\nend\n`);
    expect(logged).toEqual([]);
  });

  it('ends a reader that does not end by itself, and says when one ends too early', async () => {
    const script = join(directory, 'reader.sh');
    writeFileSync(script, 'exit 3\n');
    const early = open(script);
    await until('it is said', 5_000, () => (logged.length > 0 ? true : undefined));
    expect(logged).toEqual([`FIFO ${path}: its reader exited with status 3`]);
    await early.close();
    writeFileSync(script, 'sleep 300\n');
    await open(script).close();
    expect(runner.count).toBe(0);
  });
});
