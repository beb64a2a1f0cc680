/** Making a directory with those above it. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and what is missing above it, mode 0755. Throws a sentence where that cannot be.
 *
 * Node's own recursive way never returns below a file system that refuses new entries with ENOENT, as /proc does.
 */
export function makeDirectory(path: string): void {
  if (isDirectory(path)) return;
  const above = dirname(path);
  if (above !== path) makeDirectory(above);
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (isDirectory(path)) return; // somebody else was faster
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? 'there is a file of that name' : message;
    throw new Error(`cannot make the directory ${path}: ${reason}`);
  }
}

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false; // something above it is no directory
  }
};
