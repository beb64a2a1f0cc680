/**
 * A configuration as it was understood, keyword by keyword: every value with where it came from. Follows the tables, so
 * a new keyword needs nothing here; what the agent makes of the keywords is in effective-values.ts.
 */
import { assertNever } from '../base/assert.ts';
import { Report } from '../config/diagnostics.ts';
import { Reader } from '../config/reader.ts';
import { type Statement, statementWith } from '../config/statement.ts';
import type { Entries, Entry, ListEntry, Reading, Table, ValueEntry } from '../config/table.ts';
import { Vocabulary } from '../config/vocabulary.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import { NOBODY_TRACKS } from '../vrrp/statics.ts';
import { type Effective, effectiveInstance, effectiveVirtualServer } from './effective-values.ts';
import { type ReadOutcomeWithTree, rootKeywords } from './root.ts';
import {
  Remarks,
  type ShownBlock,
  type ShownItem,
  type ShownLine,
  type ShownLines,
  sourceOf,
  valueWithUnit,
  wordsOf,
} from './shown-item.ts';

/** A block around the one that is shown, for what is inherited. */
interface Outer {
  readonly reading: Reading<Entries>;
  readonly keyword: string;
  /** The key there, where it is another. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** The whole configuration, in the order of the tables. */
export const showConfiguration = (outcome: ReadOutcomeWithTree): ShownItem[] => new Walk(outcome).items();

class Walk {
  readonly #outcome: ReadOutcomeWithTree;
  readonly #reader = new Reader(new Report(), new Vocabulary(rootKeywords));
  readonly #remarks: Remarks;
  readonly #instances: Set<string>;
  /** By the content of their blocks. */
  readonly #servers: ReadonlyMap<unknown, VirtualServer>;
  #outerOfInstances: readonly Outer[] = [];

  constructor(outcome: ReadOutcomeWithTree) {
    this.#outcome = outcome;
    this.#remarks = new Remarks(outcome.diagnostics);
    this.#instances = new Set(outcome.configuration.instances.map(({ name }) => name));
    this.#servers = new Map([...outcome.served].map(([{ owner }, server]) => [owner.block, server]));
  }

  items(): ShownItem[] {
    const { statements } = this.#outcome;
    const global = statements.filter(({ keyword }) => keyword.text === 'global_defs');
    const given = global.flatMap(({ block = [] }) => block);
    const reading = this.#read(rootKeywords.entries.global.table, global[0] ?? NOWHERE, given);
    if (reading !== undefined)
      this.#outerOfInstances = [
        { reading, keyword: 'global_defs' },
        { reading, keyword: 'global_defs', keys: GLOBAL_KEYS },
      ];
    const inside = (key: string, statement: Statement) => this.#rootBlock(key, statement);
    return this.#items(rootKeywords, NOWHERE, statements, { inside }, [], true) ?? [];
  }

  /** What the agent makes of a block of the top level; the first one of a name or an identity counts. */
  #rootBlock(key: string, statement: Statement): Effective | 'left out' | undefined {
    const { instances } = this.#outcome.configuration;
    if (key === 'instances') {
      const { table, header } = rootKeywords.entries.instances;
      const isRead = statement.args.length === header.max && this.#read(table, statement, statement.block ?? []);
      const name = statement.args[0]?.text ?? '';
      const instance = isRead && this.#instances.delete(name) ? instances.find((one) => one.name === name) : undefined;
      return instance === undefined ? 'left out' : effectiveInstance(instance);
    }
    if (key !== 'virtualServers') return undefined;
    const server = this.#servers.get(statement.block);
    return server === undefined ? 'left out' : effectiveVirtualServer(server);
  }

  #read(table: Table<Entries>, owner: Statement, statements: readonly Statement[]): Reading<Entries> | undefined {
    return this.#reader.read(table, owner, statements);
  }

  /** What is in a block; undefined when it lacks what it needs. */
  #items(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    effective: Effective,
    outer: readonly Outer[],
    actedOn: boolean,
  ): ShownItem[] | undefined {
    const reading = this.#read(table, owner, statements);
    if (reading === undefined) return undefined;
    const byKey = new Map<string, Statement[]>();
    for (const statement of statements) {
      const key = table.found.get(statement.keyword.text)?.key;
      if (key === undefined) continue;
      const same = byKey.get(key);
      if (same === undefined) byKey.set(key, [statement]);
      else same.push(statement);
    }
    return Object.entries(table.entries).flatMap(([key, like]): ShownItem[] => {
      const entry = like as Entry;
      const given = byKey.get(key) ?? [];
      const acts = actedOn && !('later' in entry && entry.later === true);
      switch (entry.kind) {
        case 'value':
          return this.#value(key, entry, { table, reading, given, effective, outer, actedOn });
        case 'list':
          return this.#lines(key, entry, given, effective, acts);
        case 'block': {
          if (entry.many)
            return given.map((one) => this.#block(key, entry.table, one, effective, reading, outer, acts));
          if (given.length === 0 && key !== 'global') return [];
          const first = given[0] ?? { ...NOWHERE, keyword: { ...NOWHERE.keyword, text: entry.word } };
          const merged = statementWith(first, { block: given.flatMap(({ block = [] }) => block) });
          return [this.#block(key, entry.table, merged, effective, reading, outer, acts)];
        }
        case 'choice':
          return given.flatMap((one) => {
            const variant = table.found.get(one.keyword.text)?.variant;
            if (variant === undefined) return [];
            const does = acts && variant.later !== true;
            return [this.#block(key, variant.table, one, effective, reading, outer, does)];
          });
        case 'obsolete':
          return [];
        default:
          return assertNever(entry);
      }
    });
  }

  #block(
    key: string,
    table: Table<Entries>,
    statement: Statement,
    around: Effective,
    reading: Reading<Entries>,
    outer: readonly Outer[],
    actedOn: boolean,
  ): ShownBlock {
    const { keyword } = reading;
    const left = this.#remarks.leavingOut(statementWith(statement, { block: [] }));
    const effective = left === undefined ? around.inside?.(key, statement) : 'left out';
    const inner = key === 'instances' ? this.#outerOfInstances : [{ reading, keyword: keyword.text }, ...outer];
    const items =
      effective === 'left out'
        ? undefined
        : this.#items(table, statement, statement.block ?? [], effective ?? {}, inner, actedOn);
    const written = statement.args.map(({ text }) => text);
    const header = (effective !== 'left out' ? effective?.header : undefined) ?? written;
    const isOther = header.join(' ') !== written.join(' ');
    const reason =
      items === undefined
        ? this.#remarks.leavingOut(statement)
        : isOther
          ? this.#remarks.about(statementWith(statement, { block: [] }))
          : undefined;
    return {
      kind: 'block',
      keyword: statement.keyword.text,
      header,
      source: sourceOf(statement.keyword),
      actedOn,
      ...(isOther && items !== undefined ? { given: [statement.keyword.text, ...written].join(' ') } : {}),
      ...(reason === undefined ? {} : { reason }),
      leftOut: items === undefined,
      items: items ?? [],
    };
  }

  #value(
    key: string,
    entry: ValueEntry<unknown, 'required' | 'optional' | 'value'>,
    { table, reading, given, effective, outer, actedOn }: Inside,
  ): ShownItem[] {
    const { type } = entry;
    const statement = reading.at(key);
    // One that was refused stands in the file all the same.
    const written = statement ?? given.at(-1);
    const own = (reading.values as Readonly<Record<string, unknown>>)[key];
    const isKnown = effective.values !== undefined && key in effective.values;
    const value = isKnown ? effective.values?.[key] : own;
    if (value === undefined && written === undefined) return [];
    const inherited = isKnown ? outer.find((one) => one.reading.at(one.keys?.[key] ?? key) !== undefined) : undefined;
    const from = statement ?? inherited?.reading.at(inherited.keys?.[key] ?? key);
    const isUnset = value === undefined || (value === false && type.facts?.kind === 'flag');
    // keepalived 2.2.7 would not know the word; whoever wrote it wants it all the same.
    const isForeign = entry.since !== undefined && from === undefined;
    const words = isUnset || isForeign ? undefined : wordsOf(type, value);
    const reason = written && this.#remarks.about(written);
    const isCorrected = reason !== undefined && words?.join(' ') !== written?.args.map(({ text }) => text).join(' ');
    const isOther =
      written !== undefined && (statement === undefined || (isKnown && !contains(own, value)) || isCorrected);
    const later =
      entry.later === true || (typeof entry.later === 'function' && value !== undefined && entry.later(value));
    const spelling = written?.keyword.text ?? entry.word;
    const isPlain = table.found.get(spelling)?.alias === undefined;
    const source =
      from === undefined ? 'default' : sourceOf(from.keyword, statement === undefined ? inherited?.keyword : undefined);
    return [
      {
        kind: 'value',
        keyword: isPlain ? spelling : entry.word,
        ...valueWithUnit(type, value),
        ...(words === undefined ? {} : { words }),
        source: from === undefined && value === undefined && written !== undefined ? sourceOf(written.keyword) : source,
        ...(isOther ? { given: written.raw } : {}),
        ...(isOther && reason !== undefined ? { reason } : {}),
        actedOn: actedOn && !later,
      },
    ];
  }

  /** A list: the lines that count, and those that do not, in the order of the file. */
  #lines(
    key: string,
    { word, line: type }: ListEntry<unknown>,
    given: readonly Statement[],
    effective: Effective,
    actedOn: boolean,
  ): ShownLines[] {
    const known = [...(effective.lines?.[key] ?? [])];
    const first = given[0]?.keyword ?? NOWHERE.keyword;
    if (given.length === 0 && known.length === 0) return [];
    const isKnown = effective.lines?.[key] !== undefined;
    const shown = given
      .flatMap(({ block = [] }) => block)
      .map((line): ShownLine => {
        const plain = [line.keyword, ...line.args].map(({ text }) => text);
        const source = sourceOf(line.keyword);
        const at = known.findIndex(({ isFrom }) => isFrom(line));
        const [found] = at < 0 ? [] : known.splice(at, 1);
        if (found !== undefined) return { words: found.words, value: found.value, source };
        const isRead = !isKnown && type.read([line.keyword, ...line.args], new Report()).length > 0;
        const counts = isRead && !this.#remarks.ignores(line);
        if (counts) {
          const words = this.#remarks.about(line)?.includes(NOBODY_TRACKS) ? withoutGroup(plain) : plain;
          return { words, value: words.join(' '), source };
        }
        const reason = this.#remarks.about(line);
        return { words: plain, value: null, source, leftOut: true, ...(reason === undefined ? {} : { reason }) };
      });
    const rest = known.map(({ words, value }): ShownLine => ({ words, value, source: 'default' }));
    return [{ kind: 'lines', keyword: word, source: sourceOf(first), actedOn, lines: [...shown, ...rest] }];
  }
}

/** The block around a value. */
interface Inside {
  readonly table: Table<Entries>;
  readonly reading: Reading<Entries>;
  /** The lines of the keyword. */
  readonly given: readonly Statement[];
  readonly effective: Effective;
  readonly outer: readonly Outer[];
  readonly actedOn: boolean;
}

/** Keys of vrrp_instance that go by another one of global_defs, after the ones of the same name. */
export const GLOBAL_KEYS = {
  version: 'vrrpVersion',
  garpLowerPriorityDelay: 'garpMasterDelay',
  garpLowerPriorityRepeat: 'garpMasterRepeat',
};

const NOWHERE: Statement = {
  keyword: { text: '', quoted: false, file: '', line: 0, column: 1, length: 1 },
  args: [],
  raw: '',
};

/** Whether the value of the file says all that the effective one says: options of a tunnel may be more. */
const contains = (own: unknown, effective: unknown): boolean =>
  JSON.stringify(own) === JSON.stringify(effective) ||
  (own !== null &&
    typeof own === 'object' &&
    effective !== null &&
    typeof effective === 'object' &&
    Object.entries(effective).every(([key, value]) => (own as Record<string, unknown>)[key] === value));

/** The line of a static thing as it counts: without a group that it cannot refer to. */
const withoutGroup = (words: readonly string[]): readonly string[] =>
  words.filter((word, i) => word !== 'track_group' && words[i - 1] !== 'track_group');
