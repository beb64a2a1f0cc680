import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/io/make-directory.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-directory-'));
afterAll(() => rmSync(base, { recursive: true }));

describe('makeDirectory', () => {
  it('makes what is missing, and is content with what is there', () => {
    const path = join(base, 'a/b/c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o755 & ~process.umask());
  });

  it('names what stands in the way', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    expect(() => makeDirectory(file)).toThrow(`cannot make the directory ${file}: there is a file of that name`);
    expect(() => makeDirectory(join(file, 'x'))).toThrow(`cannot make the directory ${file}`);
  });

  it('gives up at once where the file system takes no directories', () => {
    expect(() => makeDirectory('/proc/holdfast/run')).toThrow('cannot make the directory /proc/holdfast: ENOENT');
    expect(existsSync('/proc/holdfast')).toBe(false);
  });
});
