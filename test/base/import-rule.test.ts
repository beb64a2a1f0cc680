/**
 * Who may import whom: main > cli, daemon > vrrp | ipvs | checks | status | io > config, wire > base.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');

/** Folders that each folder may import from, besides itself. */
const ALLOWED: Record<string, readonly string[]> = {
  '.': ['cli', 'daemon', 'base'],
  cli: ['daemon', 'vrrp', 'ipvs', 'checks', 'status', 'io', 'config', 'wire', 'base'],
  daemon: ['vrrp', 'ipvs', 'checks', 'status', 'io', 'config', 'wire', 'base'],
  vrrp: ['config', 'wire', 'base'],
  ipvs: ['config', 'wire', 'base'],
  checks: ['config', 'wire', 'base'],
  status: ['config', 'wire', 'base'],
  io: ['config', 'wire', 'base'],
  config: ['base'],
  wire: ['base'],
  base: [],
};

/** Folders of pure decisions: no clock, file, environment or socket. */
const PURE = ['vrrp', 'ipvs', 'checks', 'status', 'config', 'wire', 'base'];

/** Types of a neighbour's configuration that a domain may name, and nothing that runs. */
const TYPE_ONLY: Record<string, readonly string[]> = { ipvs: ['checks'] };

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const sourceOf = (file: string) => readFileSync(join(SRC, file), 'utf8');
const folderOf = (file: string) => dirname(file);

const imports: Import[] = files.flatMap((file) =>
  [
    ...sourceOf(file).matchAll(/(?:^|\n)\s*(import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/g),
  ].map((match) => ({
    file,
    target: match[3] ?? match[4] ?? '',
    typeOnly: match[2] !== undefined,
  })),
);

describe('the import rule', () => {
  it('sees the files and their imports', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(50);
  });

  it('imports go down only', () => {
    const upward = imports
      .filter(({ target }) => target.startsWith('.'))
      .filter(({ file, target, typeOnly }) => {
        const [from, to] = [folderOf(file), relative(SRC, dirname(resolve(SRC, folderOf(file), target))) || '.'];
        if (from === to || ALLOWED[from]?.includes(to)) return false;
        return !(typeOnly && TYPE_ONLY[from]?.includes(to));
      })
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(upward).toEqual([]);
  });

  it('decisions are pure: no clock, no files, no environment, no sockets', () => {
    const impure = files
      .filter((file) => PURE.includes(folderOf(file)))
      .filter((file) => {
        const code = sourceOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        return /from 'node:|\bDate\.now\b|new Date\(\)|performance\.now|process\.|Math\.random|setTimeout|setInterval/.test(
          code,
        );
      });
    expect(impure).toEqual([]);
  });

  it('only io/native.ts knows the addon', () => {
    const knowing = files.filter((file) => /holdfast\.node|HOLDFAST_ADDON|\.node'/.test(sourceOf(file)));
    expect(knowing).toEqual(['io/native.ts']);
  });

  it('only main.ts ends the process', () => {
    expect(files.filter((file) => /process\.(exit|abort|reallyExit)\(/.test(sourceOf(file)))).toEqual(['main.ts']);
  });
});
