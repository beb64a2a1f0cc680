/**
 * The values of the files in test/config/values, beside those that the installed keepalived dumps of them (SIGUSR1). Together
 * they have every keyword that it knows.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostView } from '../../../src/cli/host-view.ts';
import { dumpHost, isRunnable } from '../../../src/daemon/dump-host.ts';
import { withoutMissingCommands } from '../../../src/daemon/dump-present.ts';
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

const FOLDER = join(import.meta.dirname, '../values');
const files = readdirSync(FOLDER).sort();
/** keepalived waits most of the time; more at once than processors. */
const AT_ONCE = 6;

/** Not values of the configuration. */
const ABOUT_STATE = ['VRRP Sockpool', 'Interfaces', 'BFD Data', 'SSL definitions'];

const configurationOf = (file: string) =>
  readConfiguration(file, (path) => readFileSync(join(FOLDER, path)), {
    ...hostView('here'),
    kindOf: () => undefined,
    interfaceExists: (name) => INTERFACES.includes(name),
    link: (name) => (INTERFACES.includes(name) ? { mtu: 1500 } : undefined),
  }).configuration;

function ownSections(file: string): Sections {
  const configuration = configurationOf(file);
  const { global } = configuration;
  return sectionsOf(ownDump(withoutMissingCommands(configuration, isRunnable(global)), dumpHost(global)));
}

/** The processes that keepalived starts for a file. */
function processesOf(file: string): KeepalivedProcess[] {
  const { instances, virtualServers, bfdInstances } = configurationOf(file);
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
    for (const [i, file] of files.entries()) {
      const before = lanes[i % AT_ONCE];
      const dump = (async () => {
        await before?.catch(() => undefined);
        return keepalivedDump(join(FOLDER, file), join(folder, file), answers, processesOf(file));
      })();
      dump.catch(() => undefined);
      lanes[i % AT_ONCE] = dump;
      dumps.set(file, dump);
    }
  });

  afterAll(async () => {
    await Promise.allSettled(dumps.values());
    rmSync(folder, { recursive: true });
  });

  it.each(files)(
    '%s',
    async (file) => {
      if (missing !== undefined) throw new Error(missing);
      const dump = await dumps.get(file);
      expect(comparable(ownSections(file))).toEqual(comparable(merged(dump ?? new Map())));
    },
    120_000,
  );
});
