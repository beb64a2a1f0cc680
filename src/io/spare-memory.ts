/**
 * How much memory the heap may take while much is read, and back again. V8 doubles the space for new objects step by step, and
 * copies at each step what is to stay; and a process that has read a large configuration and then only waits keeps three times
 * what it uses.
 */
import { setFlagsFromString } from 'node:v8';
import { inMilliseconds, seconds } from '../base/time.ts';

/** From the smallest to the largest that V8 takes, in one step. */
const IN_ONE_STEP = 16;
const NOT_AT_ALL = 1;

/**
 * A burst is over, and no other one follows it, after this. A heap that is taken and given back at every reload keeps the kernel
 * at work, and a hypervisor below it, while others want to be on time.
 */
const SOON = seconds(5);

let soon: NodeJS.Timeout | undefined;

const growBy = (factor: number) => setFlagsFromString(`--semi-space-growth-factor=${factor}`);

/** From now on until `giveBackMemory` the space for new objects grows at once. */
export function takeMemory(): void {
  clearTimeout(soon);
  growBy(IN_ONE_STEP);
}

/** Takes some ten milliseconds: for a process that nobody waits for. Resolves when what is not needed is given back. */
export async function giveBackMemory(): Promise<void> {
  growBy(NOT_AT_ALL);
  if (!process.features.inspector) return; // Node was built without
  // the only way to it that is no option on the command line, which a program that is run by its name has not
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  await new Promise((done) => session.post('HeapProfiler.collectGarbage', done));
  session.disconnect();
}

/** `giveBackMemory` in five seconds, unless more is to be read by then. */
export function giveBackMemorySoon(): void {
  clearTimeout(soon);
  soon = setTimeout(() => void giveBackMemory(), inMilliseconds(SOON)).unref();
}
