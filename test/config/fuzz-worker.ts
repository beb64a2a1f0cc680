/**
 * The half of `npm run fuzz` that reads: a thread that damages files one after the other and says how far it is, so that
 * the other half sees when one takes too long. What is wrong is told with the file.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { complaint } from './complaint.ts';
import { mutate, randomFrom } from './mutation.ts';

/** What the thread is given. */
interface Task {
  readonly files: readonly string[];
  readonly seed: number;
  /** The files of a run are numbered; this thread makes those from one number to another. */
  readonly from: number;
  readonly to: number;
  /** Longer than this a file must not take. */
  readonly limitMs: number;
  /** The number that is being read, for whoever watches. */
  readonly progress: Int32Array;
  /** Only make the files and tell them. */
  readonly onlyMake?: boolean;
}

const { files, seed, from, to, limitMs, progress, onlyMake } = workerData as Task;
const originals = files.map((file) => readFileSync(file, 'utf8'));

/** A file of a run is the same whoever makes it: its number and the seed of the run decide. */
function damaged(number: number): string {
  const random = randomFrom(seed + Math.imul(number, 0x9e3779b1));
  const pick = () => originals[Math.floor(random() * originals.length)] ?? '';
  return mutate(pick(), pick(), random);
}

/** How long it takes, in milliseconds, without what other programs take; what is wrong is thrown. */
function read(text: string): number {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const why = complaint(text);
  if (why !== undefined) throw new Error(why);
  return Math.min(performance.now() - startedAt, process.cpuUsage(before).user / 1000);
}

let slowest = { number: from, took: 0 };
for (let number = from; number < to; number++) {
  Atomics.store(progress, 0, number);
  const text = damaged(number);
  if (onlyMake) {
    parentPort?.postMessage({ number, text, why: 'made' });
    continue;
  }
  try {
    let took = read(text);
    // Whatever is done for the first time may take long.
    if (took > limitMs) took = Math.min(took, read(text), read(text));
    if (took > slowest.took) slowest = { number, took };
    if (took > limitMs) throw new Error(`took ${Math.round(took)} ms`);
  } catch (error) {
    parentPort?.postMessage({ number, text, why: String((error as Error).stack) });
  }
}
parentPort?.postMessage({ done: to - from, slowest });
