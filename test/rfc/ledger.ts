/** docs/rfc-ledger.md: each requirement beside the tests that show it, by their own names. `npm run docs` writes it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Requirement } from './requirements.ts';

/** A test that shows something: `A22+`. */
export interface Proof {
  readonly shows: string;
  /** Its name without the tags, as it stands in the file: `%i` is a value of a table. */
  readonly name: string;
  /** From the folder of the tests: `vrrp/timers.test.ts`. */
  readonly file: string;
}

/** A string that ends with tags: the name of a test. */
const TAGGED = /(['"`])((?:(?!\1)[^\n])*?) \[((?:[ABC]\d\d[+-] ?)+)\]\1/g;

/** The tagged tests in a folder, file by file. */
export function proofsIn(folder: string): Proof[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .flatMap((file) => proofsOf(file, readFileSync(join(folder, file), 'utf8')));
}

/** The tagged tests of one file. */
export function proofsOf(file: string, source: string): Proof[] {
  return [...source.matchAll(TAGGED)].flatMap(([, , name = '', tags = '']) =>
    tags
      .trim()
      .split(' ')
      .map((shows) => ({ shows, name: name.replaceAll("\\'", "'"), file })),
  );
}

/** What has to be shown and is not, and what is shown of no requirement; each as a sentence. */
export function gaps(requirements: readonly Requirement[], proofs: readonly Proof[]): string[] {
  const shown = new Set(proofs.map(({ shows }) => shows));
  const wanted = new Map(
    requirements.flatMap(({ id, shown: signs, reason }) => [...signs].map((sign) => [`${id}${sign}`, reason] as const)),
  );
  return [
    ...[...wanted].flatMap(([tag, reason]) =>
      reason === undefined && !shown.has(tag) ? [`${tag} has neither a test nor a reason`] : [],
    ),
    ...[...wanted].flatMap(([tag, reason]) =>
      reason !== undefined && shown.has(tag) ? [`${tag} has a test and a reason for having none`] : [],
    ),
    ...proofs.flatMap(({ shows, name }) => (wanted.has(shows) ? [] : [`${shows} of '${name}' is no requirement`])),
  ];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** The page. */
export function ledgerPage(requirements: readonly Requirement[], proofs: readonly Proof[]): string {
  const row = ({ id, level, reference, shown, says, reason }: Requirement): string => {
    const tests = [...shown].flatMap((sign) =>
      proofs
        .filter(({ shows }) => shows === `${id}${sign}`)
        .map(({ name, file }) => `${sign} \`${file}\` ${cell(name)}`),
    );
    const by = reason === undefined ? tests.join('<br>') : `none: ${cell(reason)}`;
    return `| ${id} | ${[level, reference].filter(Boolean).join(', ')} | ${cell(says)} | ${by} |`;
  };
  const without = requirements.filter(({ reason }) => reason !== undefined).length;
  return `# What the RFCs want, and the tests that show it

Made by \`npm run docs\` from test/rfc/requirements.ts and the names of the tests: do not edit. Of ${requirements.length} lines
${requirements.length - without} are shown by tests and ${without} have a reason for having none. \`+\`: it is done; \`-\`: its opposite is refused or left. \`%s\` and
the like in a name stand for the values of a table.

| id | source | requirement | shown by |
|---|---|---|---|
${requirements.map(row).join('\n')}
`;
}
