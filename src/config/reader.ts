/**
 * The tree of a block, read with its table: typed values, and one diagnostic for each mistake.
 *
 * What one keyword says about another is left to the domains; they get the values with the places they came from.
 */
import { assertNever } from '../base/assert.ts';
import { BlockReading, type ReadsAgain } from './block-reading.ts';
import { type Details, Report } from './diagnostics.ts';
import { withCommandWords } from './script.ts';
import { hasBlock, type Statement } from './statement.ts';
import type { BlockEntry, Entries, Found, Header, ListEntry, NumberOf, Reading, Table, Variant } from './table.ts';
import type { Word } from './tape.ts';
import { titleOf } from './tree.ts';
import { type AnyValueEntry, isLeftOut, ValueComplaints } from './value-complaints.ts';
import { SILENT } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

type AnyBlockEntry = BlockEntry<Entries, boolean>;

/** A block that may stand there in several pieces. */
interface Merged {
  readonly entry: AnyBlockEntry;
  readonly owner: Statement;
  readonly statements: Statement[];
}

/** A file with more unknown words than this is no configuration; looking for what was meant takes time. */
const SEARCHES_MAX = 100;

/** Reads trees with tables. `vocabulary` knows the words of all blocks, for what to say about unknown ones. */
export class Reader implements ReadsAgain {
  readonly #report: Report;
  readonly #vocabulary: Vocabulary;
  /** What opened the blocks that are being read, the innermost last. */
  readonly #path: Statement[] = [];
  readonly #complaints: ValueComplaints;
  /** Of blocks that are being read. */
  readonly #merged = new Map<BlockReading, Map<string, Merged>>();
  /** The names of blocks that have been read, in the block around them. */
  readonly #names = new Map<BlockReading, Set<string>>();
  readonly numberOf: NumberOf | undefined;
  /** Each block is read, whatever others say. */
  #isAlone = false;
  /** How many commands have been read. */
  #commands = 0;
  /** Words around the one that is read, and itself, that keepalived 2.2.7 does not know: it asks for no value there. */
  #foreign = 0;
  #searches = 0;

  /** @param numberOf absent: as on any host */
  constructor(report: Report, vocabulary: Vocabulary, numberOf?: NumberOf) {
    this.#report = report;
    this.#vocabulary = vocabulary;
    this.numberOf = numberOf;
    this.#complaints = new ValueComplaints(report);
  }

  /** Says that nobody knows the word of a statement in the block that is being read. */
  unknown({ keyword, block }: Statement, table: Table<Entries>): void {
    const details = { keyword: keyword.text };
    const search = this.#searches++ < SEARCHES_MAX;
    const { message, suggestion } = this.#vocabulary.explain(
      keyword.text,
      table,
      this.#path.map((owner) => owner.keyword.text),
      block !== undefined,
      search,
    );
    const all: Details = suggestion === undefined ? details : { ...details, suggestion };
    if (block === undefined) this.#report.warning(keyword, message, all);
    else this.#report.error(keyword, message, all);
  }

  /**
   * Reads the statements of a block.
   * @param owner the statement that opened it; its name stands in messages
   * @param headerMax how many of its words belong to it
   * @returns undefined when a required keyword is missing: reported, and the block is to be left out
   */
  read<E extends Entries>(
    table: Table<E>,
    owner: Statement,
    statements: readonly Statement[],
    headerMax = Infinity,
  ): Reading<E> | undefined {
    const block = BlockReading.of(table, owner, statements, headerMax, this);
    this.#path.push(owner);
    // counted: an iterator makes an object for each of a hundred thousand statements
    for (let i = 0; i < statements.length; i++) this.#take(block, statements[i] as Statement);
    if (this.#merged.size > 0) this.#readMerged(block);
    this.#path.pop();
    return this.#requireKeywords(block) ? (block as unknown as Reading<E>) : undefined;
  }

  /** Reads a block, or takes what was read of another one that says the same. */
  #readBlock(table: Table<Entries>, statement: Statement, headerMax: number): BlockReading | undefined {
    const wording = this.#isAlone ? undefined : statement.wording;
    if (wording?.reading?.table === table) return wording.reading.alike(statement, headerMax);
    const [said, commands] = [this.#report.count, this.#commands];
    const reading = this.read(table, statement, statement.block ?? [], headerMax) as BlockReading | undefined;
    // where a command stands is always of interest
    const isPlain = this.#report.count === said && this.#commands === commands;
    if (wording !== undefined && reading !== undefined && isPlain) wording.reading = reading;
    return reading;
  }

  readAlone(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    headerMax: number,
  ): BlockReading | undefined {
    const reader = new Reader(new Report(), this.#vocabulary, this.numberOf);
    reader.#isAlone = true;
    return reader.read(table, owner, statements, headerMax) as BlockReading | undefined;
  }

  #take(block: BlockReading, statement: Statement): void {
    const found = statement.found ?? block.table.found.get(statement.keyword.text);
    if (found === undefined) {
      this.unknown(statement, block.table);
      return;
    }
    if (found.alias !== undefined) this.#warn(statement, found.alias.message, found.alias.silent ? SILENT : {});
    if (found.since !== undefined) {
      this.#warn(statement, `${statement.keyword.text} came with keepalived ${found.since}; 2.2.7 does not know it`);
    }
    const isForeign = found.since !== undefined || found.alias?.unknown === true;
    if (isForeign) this.#foreign++;
    this.#readEntry(block, found, statement);
    if (isForeign) this.#foreign--;
  }

  #readEntry(block: BlockReading, found: Found, statement: Statement): void {
    const { key, entry } = found;
    switch (entry.kind) {
      case 'value':
        if (entry.type.isCommand) this.#commands++;
        this.#value(block, found, entry, entry.type.isCommand ? withCommandWords(statement) : statement);
        break;
      case 'list':
        this.#list(block, key, entry, statement);
        break;
      case 'block':
        this.#block(block, key, entry, statement);
        break;
      case 'choice':
        this.#variant(block, key, found.variant as Variant<unknown>, statement);
        break;
      case 'obsolete':
        this.#warn(statement, `${statement.keyword.text}: ${entry.doc}`);
        break;
      default:
        assertNever(entry);
    }
  }

  #warn({ keyword }: Statement, message: string, details: Details = {}): void {
    this.#report.warning(keyword, message, { keyword: keyword.text, ...details });
  }

  #notActedOn({ keyword }: Statement): void {
    this.#report.notActedOn(keyword, keyword.text);
  }

  #requireKeywords(block: BlockReading): boolean {
    let isComplete = true;
    for (const key of block.table.required) {
      if (block.values[key] !== undefined) continue;
      isComplete = false;
      if (block.isRefused(key)) continue;
      const entry = block.table.entries[key] as AnyValueEntry;
      const { keyword, header } = block;
      this.#report.error(keyword, `${titleOf(keyword, header)} has no ${entry.word}; it is left out`, {
        keyword: entry.word,
        suggestion: `add ${entry.word} with ${entry.type.expected}`,
        ...(entry.fatal ? { fatal: true } : {}),
      });
    }
    return isComplete;
  }

  #value(block: BlockReading, { key, quick: short }: Found, entry: AnyValueEntry, statement: Statement): void {
    const plain = short === undefined ? undefined : statement.plainValue;
    const quick = plain === undefined ? undefined : short?.parse(plain);
    const earlier = block.givenAt(key);
    if (quick !== undefined && earlier === undefined && entry.deprecated === undefined)
      block.set(key, quick, statement);
    else if (!this.#slowValue(block, key, entry, statement, earlier)) return;
    const { later } = entry;
    if (later === undefined) return;
    const value = block.values[key];
    if (later === true) this.#notActedOn(statement);
    else if (later(value)) {
      this.#report.notActedOn(statement.keyword, `${statement.keyword.text} ${entry.type.show(value)}`);
    }
  }

  /** Whether there is a value now. */
  #slowValue(
    block: BlockReading,
    key: string,
    entry: AnyValueEntry,
    statement: Statement,
    earlier: Statement | undefined,
  ): boolean {
    const { args } = statement;
    const { type } = entry;
    if (args.length < type.minWords) {
      this.#missing(block, key, entry, statement);
      return false;
    }
    if (args.length > type.maxWords) this.#surplus(block, statement, type.maxWords, type.strict === true);
    if (entry.missingIs === undefined && type.isCommand === undefined) this.#reportOpen(args, type.minWords, statement);
    if (entry.once && earlier !== undefined) {
      const { keyword } = statement;
      const message = `${keyword.text} again; the one in line ${earlier.keyword.line} counts`;
      this.#report.error(keyword, message, { keyword: keyword.text, ...(entry.once === 'silent' ? SILENT : {}) });
      return false;
    }
    this.#complaints.about(block, key, entry, statement);
    const read = type.read(args.length > type.maxWords ? args.slice(0, type.maxWords) : args, this.#complaints);
    const now = read ?? entry.otherwise;
    if (now === undefined) {
      block.refuse(key);
      return false;
    }
    if (earlier !== undefined && entry.addUp === undefined) this.#repeated(block, key, entry, statement, earlier, now);
    if (entry.deprecated !== undefined) this.#warn(statement, entry.deprecated);
    const join = entry.prefer ?? entry.addUp;
    block.set(key, earlier !== undefined && join ? join(block.values[key], now) : now, statement);
    return true;
  }

  #missing(block: BlockReading, key: string, entry: AnyValueEntry, { keyword }: Statement): void {
    block.refuse(key);
    const exitCode = this.#foreign > 0 ? 5 : (entry.missingIs ?? 2);
    const gone = isLeftOut(block, key, entry) ? '; the block is left out' : '';
    this.#report.error(keyword, `${keyword.text} has no value, expected ${entry.type.expected}${gone}`, {
      keyword: keyword.text,
      exitCode,
      ...(exitCode === 2 ? { fatal: true } : {}),
    });
  }

  /** keepalived drops what follows an open quotation mark, and gives up over the value that is missing then. */
  #reportOpen(args: readonly Word[], needed: number, statement: Statement): void {
    const word = args.find(({ open }, i) => open && i < needed);
    if (word === undefined) return;
    const { keyword } = statement;
    const message = `${keyword.text} has no value for keepalived, which does not read beyond the open quotation mark`;
    const details = this.#foreign > 0 ? {} : ({ exitCode: 2, fatal: true } as const);
    this.#report.error(word, message, { keyword: keyword.text, ...details });
  }

  #repeated(
    block: BlockReading,
    key: string,
    entry: AnyValueEntry,
    statement: Statement,
    earlier: Statement,
    now: unknown,
  ): void {
    const before = block.values[key];
    if (entry.type.show(before) === entry.type.show(now)) return;
    const counts = entry.prefer?.(before, now) ?? now;
    const again = `${statement.keyword.text} again, after line ${earlier.keyword.line}`;
    this.#warn(statement, `${again}; ${entry.type.show(counts)} counts`, counts === now ? SILENT : {});
  }

  /** Words that nobody reads. */
  #surplus(block: BlockReading, { keyword, args }: Statement, max: number, strict: boolean): void {
    const first = args[max];
    if (first === undefined) return;
    const isKeyword = block.table.found.has(first.text);
    const message = isKeyword
      ? `'${first.text}' stands in the line of ${keyword.text} and is not read`
      : `unexpected '${first.text}' after ${max === 0 ? keyword.text : `the value of ${keyword.text}`}; it is ignored`;
    this.#report.warning(first, message, {
      keyword: keyword.text,
      ...(isKeyword ? { suggestion: 'write it in a line of its own' } : {}),
      ...(strict ? {} : SILENT),
    });
  }

  #list(block: BlockReading, key: string, entry: ListEntry<unknown>, statement: Statement): void {
    const lines = statement.block;
    if (lines !== undefined && entry.header !== undefined && !this.#hasHeader(block, entry.header, statement)) return;
    if (lines !== undefined && entry.header === undefined) this.#surplus(block, statement, 0, true);
    if (lines?.length === 0 && entry.whenEmpty !== undefined) {
      this.#report.warning(statement.keyword, entry.whenEmpty);
    }
    const items = (lines ?? []).flatMap((line) =>
      entry.line.read([line.keyword, ...line.args], this.#report, this.numberOf),
    );
    block.add(key, items, statement);
    if (entry.later) this.#notActedOn(statement);
  }

  #block(block: BlockReading, key: string, entry: AnyBlockEntry, statement: Statement): void {
    if (entry.later) this.#notActedOn(statement);
    if (!hasBlock(statement)) return;
    const plainHeader = plainHeaderOf(entry.header, statement);
    if (plainHeader === undefined && !this.#hasHeader(block, entry.header, statement)) return;
    if (entry.many) {
      const { max, exact } = entry.header;
      const isSkipped = entry.onePerName === true && this.#isNameTaken(block, key, statement);
      if (isSkipped) this.#foreign++;
      const reading = this.#readBlock(entry.table, statement, exact ? Infinity : max);
      if (reading !== undefined) reading.plainHeader = plainHeader;
      if (isSkipped) this.#foreign--;
      if (reading !== undefined) block.add(key, [reading], statement);
      else block.give(key, statement);
      return;
    }
    const merged = this.#merged.get(block) ?? new Map<string, Merged>();
    this.#merged.set(block, merged);
    const one = merged.get(key) ?? { entry, owner: statement, statements: [] };
    merged.set(key, one);
    for (const line of statement.block ?? []) one.statements.push(line);
  }

  /** Whether a block of the name was there before. */
  #isNameTaken(block: BlockReading, key: string, { args: [name] }: Statement): boolean {
    const names = this.#names.get(block) ?? new Set<string>();
    this.#names.set(block, names);
    const id = `${key} ${name?.text}`;
    const isTaken = names.has(id);
    names.add(id);
    return isTaken;
  }

  /** Blocks that count as one however often they stand there. */
  #readMerged(block: BlockReading): void {
    const merged = this.#merged.get(block);
    if (merged === undefined) return;
    this.#merged.delete(block);
    for (const [key, { entry, owner, statements }] of merged) {
      const isForeign = entry.since !== undefined;
      if (isForeign) this.#foreign++;
      const reading = this.read(entry.table, owner, statements);
      if (isForeign) this.#foreign--;
      if (reading !== undefined) block.set(key, reading, owner);
      else block.give(key, owner);
    }
  }

  #hasHeader(block: BlockReading, header: Header, statement: Statement): boolean {
    const { args } = statement;
    if (args.length < header.min) {
      const { keyword } = statement;
      const { missingIs } = header;
      this.#report.error(keyword, `${keyword.text} needs ${header.expected} before its '{'; it is left out`, {
        exitCode: missingIs,
        ...(missingIs === 2 ? { fatal: true } : {}),
      });
      return false;
    }
    const extra = args[header.max];
    if (extra !== undefined && header.exact) {
      const { keyword } = statement;
      this.#report.error(extra, `unexpected '${extra.text}' after ${keyword.text} ${args[0]?.text}; it is left out`, {
        suggestion: `${keyword.text} takes exactly ${header.expected}, in quotation marks if it has blanks`,
        ...(header.missingIs === 2 ? { exitCode: 2, fatal: true } : {}),
      });
      return false;
    }
    if (extra !== undefined) this.#surplus(block, statement, header.max, false);
    return header.accepts?.(extra === undefined ? args : args.slice(0, header.max), this.#report) ?? true;
  }

  #variant(block: BlockReading, key: string, chosen: Variant<unknown>, statement: Statement): void {
    if (chosen.later) this.#notActedOn(statement);
    this.#surplus(block, statement, 0, false);
    const reading = this.#readBlock(chosen.table, statement, 0);
    if (reading !== undefined) block.add(key, [chosen.build(reading as unknown as Reading<Entries>)], statement);
    else block.give(key, statement);
  }
}

/** What the words before a brace say, if that can be told without a look at where they stand. */
function plainHeaderOf(header: Header, statement: Statement): unknown {
  const words = header.plainValue === undefined ? undefined : statement.plainArgs;
  const isWhole = words !== undefined && words.length >= header.min && words.length <= header.max;
  return isWhole ? header.plainValue?.(words) : undefined;
}
