/** Pairs of configurations made from the samples, and what is said about them together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../src/daemon/cluster.ts';
import { checkCluster } from '../../src/daemon/cluster-check.ts';
import { readConfigurationTree } from '../../src/daemon/root.ts';

/** File names and their texts. */
export type Files = Readonly<Record<string, string>>;

/** What is said about files together. */
export const together = (files: Files): Finding[] =>
  checkCluster(
    Object.entries(files).map(([file, text]) => ({ file, outcome: readConfigurationTree(file, () => text) })),
  );

/** `severity code: message`. */
export const sentences = (files: Files): string[] =>
  together(files).map(({ severity, code, message }) => `${severity} ${code}: ${message}`);

/** The two samples of a folder of config/. */
export function sample(folder: string, name = 'director'): Files {
  const text = (n: number) =>
    readFileSync(join(import.meta.dirname, `../../config/${folder}/${name}${n}.conf`), 'utf8');
  return { [`${name}1.conf`]: text(1), [`${name}2.conf`]: text(2) };
}

/** Files with some text replaced in one of them; the text must be there. */
export function changed(files: Files, file: string, ...replacements: readonly (readonly [string, string])[]): Files {
  let text = files[file] ?? '';
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    text = text.replace(from, to);
  }
  return { ...files, [file]: text };
}

/** Two directors that hold 192.168.4.15 with VRID 50, with further lines in the instance and before it. */
export function pair(first: readonly string[], second: readonly string[], before: readonly string[] = []): Files {
  const text = (lines: readonly string[]) =>
    [
      ...before,
      'vrrp_instance VI_1 {',
      'interface eth0',
      'virtual_router_id 50',
      ...lines,
      'virtual_ipaddress {',
      '192.168.4.15',
      '}',
      '}',
      '',
    ].join('\n');
  return { 'director1.conf': text(first), 'director2.conf': text(second) };
}
