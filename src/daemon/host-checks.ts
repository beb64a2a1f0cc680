/** What global_defs and the top level say about this host: processors, names, folders, namespaces. */

import type { Report } from '../config/diagnostics.ts';
import type { PathKind } from '../config/glob.ts';
import type { Reading } from '../config/table.ts';
import type { globalKeywords } from './global-keywords.ts';
import type { RootReading } from './root.ts';

/** What is asked; what is absent is not asked. */
export interface HostFacts {
  /** How many there are, running or not. */
  readonly processors?: number;
  /** Whether a name of a host could lead to an address. */
  mayResolve?(name: string): boolean;
  whatIs?(path: string): PathKind | undefined;
  /** Whether `ip netns` knows it. */
  hasNamespace?(name: string): boolean;
}

const AFFINITIES = ['vrrpCpuAffinity', 'checkerCpuAffinity', 'bfdCpuAffinity'] as const;

/** Undefined for those that name a processor that is not there: keepalived takes none of them then. */
export const affinitiesHere = (values: Reading<(typeof globalKeywords)['entries']>['values'], processors = Infinity) =>
  Object.fromEntries(
    AFFINITIES.filter((key) => values[key]?.some((number) => number >= processors)).map((key) => [key, undefined]),
  );

export function checkHost(
  root: RootReading,
  global: Reading<(typeof globalKeywords)['entries']>,
  host: HostFacts,
  report: Report,
): void {
  const { values, at } = global;
  const { processors = Infinity } = host;
  for (const key of AFFINITIES) {
    const wrong = (values[key] ?? []).findIndex((number) => number >= processors);
    const word = wrong < 0 ? undefined : at(key)?.args[wrong];
    if (word === undefined) continue;
    report.error(word, `this host has the processors 0 to ${processors - 1}, and no ${word.text}; the line is ignored`);
  }
  const mail = at('smtpServer')?.args[0];
  if (
    mail !== undefined &&
    /[a-z]/i.test(mail.text) &&
    !mail.text.includes(':') &&
    host.mayResolve?.(mail.text) === false
  ) {
    report.warning(mail, `the address of ${mail.text} cannot be found on this host; there is no mail server`);
  }
  const folder = at('configurationSaveDirectory')?.args[0];
  const kind = folder && host.whatIs?.(folder.text);
  if (folder !== undefined && kind !== undefined && kind !== 'directory') {
    report.error(folder, `${folder.text} is there and is no directory`);
  }
  const namespace = root.at('networkNamespace')?.args[0];
  if (namespace !== undefined && host.hasNamespace?.(namespace.text) === false) {
    // keepalived does not start, and yet ends with 0 when it only tests.
    report.error(namespace, `there is no network namespace ${namespace.text} on this host`, {
      exitCode: 0,
      fatal: true,
    });
  }
}
