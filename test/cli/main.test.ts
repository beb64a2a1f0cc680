/** The program as it is started: what it prints arrives. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-main-'));
const program = join(directory, 'main.mjs');
const configuration = join(directory, 'large.conf');

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/main.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  const server = (n: number) => ` real_server 10.0.${n >> 8}.${n & 255} 80 {\n  weight 1\n }\n`;
  const servers = Array.from({ length: 2000 }, (_, n) => server(n)).join('');
  writeFileSync(configuration, `virtual_server 10.1.0.1 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n${servers}}\n`);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

describe('holdfast', () => {
  it('prints all of a long text into a pipe before it ends', () => {
    const { stdout, status } = spawnSync(
      'sh',
      ['-c', '"$1" "$2" config show "$3" | cat', 'sh', process.execPath, program, configuration],
      { encoding: 'utf8', maxBuffer: 1e8 },
    );
    expect({ status, servers: stdout.match(/^ {4}real_server /gm)?.length, end: stdout.slice(-2) }).toEqual({
      status: 0,
      servers: 2000,
      end: '}\n',
    });
  });

  it('does not complain when nobody reads to the end', () => {
    const { stderr } = spawnSync(
      'sh',
      ['-c', '"$1" "$2" config show "$3" | head -n 1', 'sh', process.execPath, program, configuration],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
  });
});
