/** Small files: the beginning of what others write, read without ever waiting for a writer; and what others read. */
import { closeSync, constants, openSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';

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

/**
 * Puts a new file under a path, so that whoever reads there sees the old one or the new one as a whole. Safe in a
 * directory that everybody can write: whatever waits there under that name is replaced, not followed. Throws as node:fs does.
 */
export function replaceFile(path: string, content: string, umask: number): void {
  const temporary = `${path}.${Math.random().toString(36).slice(2)}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, 0o666 & ~umask);
  try {
    writeFileSync(fd, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
