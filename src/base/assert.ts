/** Our own mistakes: what must hold because of the code itself. Bad input is never reported through these. */

/** Ends the process with a message when something that the code guarantees does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The end of every exhaustive `switch`: a new variant becomes a compile error here. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`);
}
