/** Files of the real kernel's inotify, and the parts of the addon that no packet goes through. */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { milliseconds } from '../../src/base/time.ts';
import { FileWatcher } from '../../src/io/file-watcher.ts';
import { native } from '../../src/io/native.ts';
import { ADDON, runScript } from '../io/child.ts';
import { until } from '../lab/process.ts';

let directory: string;
let file: string;
let watcher: FileWatcher;
let calls: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-watcher-'));
  file = join(directory, 'sub', 'file');
  mkdirSync(join(directory, 'sub'));
  calls = 0;
  watcher = new FileWatcher(milliseconds(20));
});

afterEach(() => {
  watcher.close();
  rmSync(directory, { recursive: true, force: true });
});

const watch = (path = file) => watcher.watch(path, () => calls++);
/** Resolves when everything that was caused before has been told. */
const everythingTold = () =>
  new Promise<void>((resolve) => {
    const marker = join(directory, 'marker');
    const stop = watcher.watch(marker, () => {
      stop();
      rmSync(marker, { force: true });
      resolve();
    });
    writeFileSync(marker, '');
  });
/** Waits until a change is told, and everything that belongs to it. */
const told = async (what: string) => {
  await until(`${what} is told`, 3_000, () => (calls > 0 ? true : undefined));
  await everythingTold();
  calls = 0;
};
const nothingTold = async () => {
  await everythingTold();
  expect(calls).toBe(0);
};

describe('FileWatcher', () => {
  it('tells a file that is written, put into its place and removed', async () => {
    watch();
    writeFileSync(file, '1');
    await told('a new file');
    writeFileSync(`${file}.new`, '2');
    await nothingTold();
    renameSync(`${file}.new`, file);
    await told('a rename');
    rmSync(file);
    await told('a removal');
  });

  it('tells a file that is being written when it is closed, not before', async () => {
    writeFileSync(file, '1');
    watch();
    const fd = openSync(file, 'w');
    writeSync(fd, '2');
    await nothingTold();
    closeSync(fd);
    await told('the closing');
  });

  it('says nothing of other files, nor of one that is only read', async () => {
    writeFileSync(file, '1');
    watch();
    closeSync(openSync(file, 'r'));
    chmodSync(file, 0o600);
    writeFileSync(`${file}2`, 'x');
    await nothingTold();
  });

  it('finds a directory that comes later, goes and comes again', async () => {
    rmSync(join(directory, 'sub'), { recursive: true });
    watch();
    mkdirSync(join(directory, 'sub'));
    writeFileSync(file, '1');
    await told('a new directory');
    renameSync(join(directory, 'sub'), join(directory, 'elsewhere'));
    await told('that it was moved away');
    writeFileSync(join(directory, 'elsewhere', 'file'), '2');
    mkdirSync(join(directory, 'sub'));
    await told('another directory');
    writeFileSync(file, '3');
    await told('a change');
  });

  it('follows a symbolic link, to its target and to another one', async () => {
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    for (const target of [first, second]) writeFileSync(target, '1');
    symlinkSync(first, file);
    watch();
    writeFileSync(first, '2');
    await told('a change of the target');
    symlinkSync(second, `${file}.new`);
    renameSync(`${file}.new`, file);
    await told('another target');
    writeFileSync(first, '3');
    await nothingTold();
    writeFileSync(second, '3');
    await told('a change of the new target');
  });

  it('is quiet when nobody listens any more', async () => {
    watch()();
    writeFileSync(file, '1');
    await nothingTold();
  });
});

describe('the addon', () => {
  it('makes a FIFO once', () => {
    const fifo = join(directory, 'fifo');
    native().makeFifo(fifo, 0o600);
    expect(statSync(fifo).isFIFO()).toBe(true);
    expect(() => native().makeFifo(fifo, 0o600)).toThrow(
      expect.objectContaining({ code: 'EEXIST', syscall: 'mkfifo' }),
    );
  });

  it('refuses what is no path, mask, watch or signal', () => {
    const inotify = new (native().Inotify)(() => {});
    expect(() => inotify.add('/nonexistent', 8)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => inotify.add('/tmp', 0)).toThrow(TypeError);
    expect(() => inotify.add(7 as never, 8)).toThrow(TypeError);
    expect(() => inotify.remove(99)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(inotify.read()).toBeUndefined();
    inotify.close();
    inotify.close();
    expect(() => inotify.add('/tmp', 8)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    const { SignalListener, Inotify } = native();
    expect(() => new SignalListener(65, () => {})).toThrow(TypeError);
    expect(() => new SignalListener(36, undefined as never)).toThrow(TypeError);
    expect(() => new SignalListener(9, () => {})).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => new Inotify(1 as never)).toThrow(TypeError);
  });

  it('calls back for every signal that came while something else ran, and keeps no process alive', async () => {
    const ending = await runScript(
      `
      let count = 0;
      const listener = new native.SignalListener(36, () => count++);
      new native.SignalListener(63, () => console.log('other', count));
      const { execFileSync } = require('node:child_process');
      execFileSync('kill', ['-36', String(process.pid)]);
      execFileSync('kill', ['-36', String(process.pid)]);
      execFileSync('kill', ['-63', String(process.pid)]);
      setTimeout(() => {
        listener.close();
        listener.close();
        console.log(count);
        global.gc();
      }, 50);
    `,
      ['--expose-gc'],
    );
    expect(ending).toEqual({ status: 0, stdout: 'other 2\n2\n', stderr: '' });
  });

  it('survives a worker that is terminated with watches and listeners open', async () => {
    const ending = await runScript(`
      const { Worker } = require('node:worker_threads');
      const code = \`
        const native = require('${ADDON}');
        const inotify = new native.Inotify(() => {});
        inotify.add('/tmp', 256);
        new native.SignalListener(36, () => {});
        new native.SignalListener(36, () => {}).close();
        require('node:worker_threads').parentPort.postMessage('ready');
        setInterval(() => {}, 1000);
      \`;
      (async () => {
        for (let i = 0; i < 5; i++) {
          const worker = new Worker(code, { eval: true });
          await new Promise((resolve) => worker.once('message', resolve));
          await worker.terminate();
        }
        console.log('all');
      })();
    `);
    expect(ending).toEqual({ status: 0, stdout: 'all\n', stderr: '' });
  });
});
