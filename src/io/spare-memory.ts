/**
 * Gives back memory that is not needed any more. V8 does that by itself while something goes on; a process that has read a
 * large configuration and then only waits keeps three times what it uses.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Takes some ten milliseconds: for a process that nobody waits for. */
export function giveBackMemory(): void {
  if (collect === undefined) {
    // the only way to it without an option on the command line, which a program that is run by its name has not
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  // what the first one frees of the heap the second one gives back
  collect();
  collect();
}
