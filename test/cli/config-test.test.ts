/** How the files of a configuration are read from the disk. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfigurationFile } from '../../src/cli/config-test.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-read-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file of 65 MiB, none of which is on the disk. */
const huge = join(directory, 'huge.conf');
writeFileSync(huge, '');
truncateSync(huge, 65 * 2 ** 20);

describe('a file that is longer than any configuration', () => {
  it('is not read', () => {
    expect(() => readConfigurationFile(huge)).toThrow(
      `cannot read the configuration ${huge}: longer than any configuration is meant to be`,
    );
  });

  it('is left out where it is included, and one of some length is read', () => {
    const main = join(directory, 'main.conf');
    writeFileSync(
      join(directory, 'long.conf'),
      `${'# a line of 64 bytes, with its end, many times over and over\n'.repeat(50_000)}foo\n`,
    );
    writeFileSync(main, 'include huge.conf\ninclude long.conf\n');
    expect(readConfigurationFile(main).diagnostics.map(({ line, message }) => [line, message])).toEqual([
      [1, `include: ${huge} cannot be read: longer than any configuration is meant to be`],
      [50_001, "unknown keyword 'foo' at the top level"],
    ]);
  });
});
