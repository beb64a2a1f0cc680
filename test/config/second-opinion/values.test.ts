/**
 * The values of the files in test/config/values, beside those that the installed keepalived dumps of them (SIGUSR1). Together
 * they have every keyword that it knows.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostView } from '../../../src/cli/host-view.ts';
import type { DumpHost } from '../../../src/daemon/data-text.ts';
import { dumpHost, hasFolder, isRunnable } from '../../../src/daemon/dump-host.ts';
import { withoutMissingCommands } from '../../../src/daemon/dump-present.ts';
import type { GlobalDefinitions } from '../../../src/daemon/global-keywords.ts';
import { keepalivedDump as ownDump } from '../../../src/daemon/keepalived-dump.ts';
import { readConfiguration } from '../../../src/daemon/root.ts';
import {
  buildAnswers,
  INTERFACES,
  type KeepalivedProcess,
  keepalivedDump,
  type Sections,
  sectionsOf,
  whyNoDump,
  withoutState,
} from './dump.ts';
import { numbersFile } from './numbers.ts';

const FOLDER = join(import.meta.dirname, '../values');
/** Words that are numbers, or nearly. Letters behind one are another matter: docs/differences.md. */
const NUMBERS = ['0', '+7', '010', '7.5', '-5', '""'];
/** Texts by what they are. */
const texts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')])),
  ...Object.fromEntries(NUMBERS.map((word) => [`every number ${word}`, numbersFile(word)])),
};
const names = Object.keys(texts).sort();
/** keepalived waits most of the time; more at once than processors. */
const AT_ONCE = 6;

/** Not values of the configuration. */
const ABOUT_STATE = ['VRRP Sockpool', 'Interfaces', 'BFD Data', 'SSL definitions'];

const configurationOf = (name: string) =>
  readConfiguration('test.conf', () => texts[name] ?? '', {
    ...hostView('here'),
    kindOf: () => undefined,
    interfaceExists: (name) => INTERFACES.includes(name),
    link: (name) => (INTERFACES.includes(name) ? { mtu: 1500 } : undefined),
  }).configuration;

function ownSections(name: string): Sections {
  const configuration = configurationOf(name);
  const { global } = configuration;
  return sectionsOf(ownDump(withoutMissingCommands(configuration, isRunnable(global), hasFolder), hostOf(global)));
}

/** The interfaces are those of the namespace. */
const hostOf = (global: GlobalDefinitions): DumpHost => ({
  ...dumpHost(global),
  hasInterface: (name) => INTERFACES.includes(name),
});

/** The processes that keepalived starts for a text. */
function processesOf(name: string): KeepalivedProcess[] {
  const { instances, virtualServers, bfdInstances } = configurationOf(name);
  return [
    ...(instances.length > 0 ? (['vrrp'] as const) : []),
    ...(virtualServers.length > 0 ? (['checks'] as const) : []),
    ...(bfdInstances.length > 0 ? (['bfd'] as const) : []),
  ];
}

/** All processes tell the global definitions; the VRRP process knows most of them. */
function merged(dumps: ReadonlyMap<KeepalivedProcess, Sections>): Map<string, readonly string[]> {
  const sections = new Map<string, readonly string[]>();
  for (const dump of dumps.values()) {
    for (const [title, lines] of dump) if (!sections.has(title)) sections.set(title, lines);
  }
  return sections;
}

const comparable = (sections: Sections): Record<string, readonly string[]> =>
  Object.fromEntries(
    [...sections]
      .filter(([title]) => !ABOUT_STATE.includes(title))
      .map(([title, lines]) => [title, withoutState(lines)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );

describe('the values of', () => {
  const missing = whyNoDump();
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-values-'));
  const dumps = new Map<string, Promise<ReadonlyMap<KeepalivedProcess, Sections>>>();

  beforeAll(() => {
    if (missing !== undefined) return;
    const answers = buildAnswers(folder);
    const lanes: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    for (const [i, name] of names.entries()) {
      const before = lanes[i % AT_ONCE];
      const dump = (async () => {
        await before?.catch(() => undefined);
        return keepalivedDump(texts[name] ?? '', join(folder, String(i)), answers, processesOf(name));
      })();
      dump.catch(() => undefined);
      lanes[i % AT_ONCE] = dump;
      dumps.set(name, dump);
    }
  });

  afterAll(async () => {
    await Promise.allSettled(dumps.values());
    rmSync(folder, { recursive: true });
  });

  it.each(names)(
    '%s',
    async (name) => {
      if (missing !== undefined) throw new Error(missing);
      const dump = await dumps.get(name);
      expect(comparable(ownSections(name))).toEqual(comparable(merged(dump ?? new Map())));
    },
    120_000,
  );
});
