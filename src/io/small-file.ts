/** The beginning of small files that others write, read without ever waiting for a writer. */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

/** @returns undefined: not there, not to be read, or not a file that has a content */
export function readBeginning(path: string, bytes: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY); // a FIFO would wait
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, bytes, null));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Writes a file as a whole; a new one is not for those whom the mask excludes. Throws as node:fs does. */
export function writeSmallFile(path: string, content: string, umask: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;
  const fd = openSync(path, flags, 0o666 & ~umask);
  try {
    writeSync(fd, content);
  } finally {
    closeSync(fd);
  }
}
