/** The exit status of configurations, beside that of the keepalived that is installed on this host. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostView } from '../../../src/cli/host-view.ts';
import { readConfiguration } from '../../../src/daemon/root.ts';

/** What the namespace of ASK has. */
const INTERFACES = ['lo', 'eth0', 'eth1', 'eth2'];

/** Runs each file of a folder, in an own network with the interfaces that the files name. */
const ASK = `
  ip link set lo up &&
  for n in 0 1 2; do
    ip link add eth$n type veth peer name peer$n && ip link set eth$n up && ip addr add 192.168.$((4 + n)).2/24 dev eth$n
  done &&
  i=0; while [ -e "$1/$i" ]; do keepalived -t -f "$1/$i" >/dev/null 2>&1; echo $?; i=$((i + 1)); done`;

/** Ours, with the accounts and programs of this host and the interfaces of the namespace. */
const opinionOf = (text: string): number =>
  readConfiguration('test.conf', () => text, {
    ...hostView('test'),
    kindOf: () => undefined,
    interfaceExists: (name) => INTERFACES.includes(name),
    link: (name) => (INTERFACES.includes(name) ? { mtu: 1500 } : undefined),
  }).exitCode;

/**
 * One test for each group of texts: all end with the status that keepalived ends with.
 * @param groups texts by what they are about
 */
export function secondOpinion(domain: string, groups: Readonly<Record<string, readonly string[]>>): void {
  describe(`the exit status of ${domain}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-opinion-'));
    const texts = Object.values(groups).flat();
    let opinions: string[] = [];
    let missing: string | undefined;

    beforeAll(() => {
      if (spawnSync('keepalived', ['--version']).error !== undefined) missing = 'keepalived is not installed';
      else if (spawnSync('unshare', ['-n', 'true']).status !== 0) missing = 'no network namespace can be made here';
      if (missing !== undefined) return;
      for (const [i, text] of texts.entries()) writeFileSync(join(folder, String(i)), text);
      opinions = spawnSync('unshare', ['-n', 'sh', '-c', ASK, 'sh', folder], { encoding: 'utf8', cwd: folder })
        .stdout.trim()
        .split('\n');
    }, 120_000);

    afterAll(() => rmSync(folder, { recursive: true }));

    let first = 0;
    for (const [name, group] of Object.entries(groups)) {
      const from = first;
      first += group.length;
      it(`${name}: ${group.length} files, as keepalived`, ({ skip }) => {
        skip(missing !== undefined, missing);
        const different = group.flatMap((text, i) => {
          const ours = String(opinionOf(text));
          return ours === opinions[from + i] ? [] : [{ text, ours, keepalived: opinions[from + i] }];
        });
        expect(different).toEqual([]);
      });
    }
  });
}

/** Texts with each of the values behind a keyword. @param around the text around the line */
export const withEach = (
  keyword: string,
  values: readonly string[],
  around: (line: string) => string,
): readonly string[] => values.map((value) => around(`${keyword} ${value}`));
