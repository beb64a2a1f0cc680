// Reads damaged configuration files by the million: nothing may break, hang, or be refused without a word.
//
//   npm run fuzz -- [--count N] [--seed N] [--limit MS] [--workers N] [FOLDER…]
//
// The originals are the samples and the tests' files, and all .conf files of the folders that are named. A file that is
// wrong is kept in fuzz-SEED-NUMBER.conf; the same seed gives the same files again. Ends with 1 when one was wrong.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    limit: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const limitMs = Number(values.limit);
const workers = Number(values.workers);
/** A file that has not been read after this many times the limit never will be. */
const PATIENCE = 10;

const folders = ['config', 'test/config/seeds', 'test/config/grammar'].map((folder) => join(root, folder));
const files = [...folders, ...positionals].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.conf'))
    .map((name) => join(folder, name)),
);

const folder = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'));
const worker = join(folder, 'worker.mjs');
await build({
  entryPoints: [join(root, 'test/config/fuzz-worker.ts')],
  outfile: worker,
  bundle: true,
  format: 'esm',
  platform: 'node',
  sourcemap: 'inline',
  logLevel: 'warning',
});

const wrong = [];
let done = 0;
let slowest = { number: 0, took: 0 };

function found({ number, text, why }) {
  const file = `fuzz-${seed}-${number}.conf`;
  if (text !== undefined) writeFileSync(file, text);
  wrong.push(number);
  process.stdout.write(`${number}: ${why}${text === undefined ? '' : `\n  kept in ${file}`}\n`);
}

/** Reads the files from one number to another; a thread that hangs is ended, and another goes on behind that file. */
async function run(from, to) {
  for (let next = from; next < to; ) next = await runThread(next, to);
}

/** The text of a file. */
function make(number) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { files, seed, from: number, to: number + 1, limitMs, progress, onlyMake: true };
  return new Promise((resolve) => new Worker(worker, { workerData }).once('message', ({ text }) => resolve(text)));
}

function runThread(from, to) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  progress[0] = from;
  const thread = new Worker(worker, { workerData: { files, seed, from, to, limitMs, progress } });
  let last = { number: -1, since: 0 };
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      const number = Atomics.load(progress, 0);
      if (number !== last.number) last = { number, since: performance.now() };
      else if (performance.now() - last.since > PATIENCE * limitMs) {
        clearInterval(watch);
        done += number + 1 - from;
        void thread.terminate().then(async () => {
          found({ number, text: await make(number), why: `is still not read after ${PATIENCE * limitMs} ms` });
          resolve(number + 1);
        });
      }
    }, 100);
    thread.on('message', (message) => {
      if (message.done === undefined) {
        found(message);
        return;
      }
      clearInterval(watch);
      done += message.done;
      if (message.slowest.took > slowest.took) slowest = message.slowest;
      resolve(to);
    });
    thread.on('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

const startedAt = performance.now();
try {
  const share = Math.ceil(count / workers);
  await Promise.all(
    Array.from({ length: workers }, (_, i) => run(Math.min(i * share, count), Math.min((i + 1) * share, count))),
  );
} finally {
  rmSync(folder, { recursive: true });
}
const result = {
  fuzz: 'config',
  seed,
  originals: files.length,
  files: done,
  wrong: wrong.length,
  slowest_ms: Math.round(slowest.took),
  slowest: slowest.number,
  seconds: Math.round((performance.now() - startedAt) / 1000),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
