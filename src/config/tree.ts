/**
 * Fragments to a tree of statements. Which words open a block depends on the block they stand in, so the tables lead.
 *
 * Brace mistakes are named here, where they were made and not where they show: when the file's braces do not add up, a
 * second run uses indentation and the tables to tell which block lacks its `}` and which `}` is one too many. An unknown
 * block is skipped as a whole. Nothing recurses.
 */
import { type Details, type Place, Report } from './diagnostics.ts';
import { Lexer } from './lexer.ts';
import type { Stretch } from './source.ts';
import { type Statement, type Wording, WrittenStatement } from './statement.ts';
import type { Content, Entries, Entry, Found, Table } from './table.ts';
import type { Tape, Word } from './tape.ts';

export type { Statement } from './statement.ts';

interface Frame {
  readonly content: Content;
  /** The statement that the block belongs to; undefined for the file itself. */
  readonly owner: WrittenStatement | undefined;
  /** Where its statements begin on the stack. */
  readonly first: number;
  /** Of the line that opened it; -1 for the file. */
  readonly indent: number;
  /** Opened by a brace that belongs to nothing: what is inside is read as if it were not there. */
  readonly stray: boolean;
  /** Where its letters begin, if they are of interest. */
  readonly start: Start | undefined;
}

/** The beginning of a block that others may be like. */
interface Start {
  /** Of plain lines: all of it must be in one. */
  readonly run: number;
  /** Of the records behind the brace. */
  readonly position: number;
  readonly offset: number;
  /** What there was to say before. */
  readonly said: number;
}

/** A keyword that waits for its brace. */
interface Pending {
  readonly statement: WrittenStatement;
  readonly content: Content;
  readonly indent: number;
}

/** How many braces of each kind the file lacks, as far as a plain count can tell. */
interface Imbalance {
  missing: number;
  surplus: number;
}

/** Deeper than any block of the language; what is nested deeper is skipped. */
const DEPTH_MAX = 32;

/** How many wordings of a kind of block are remembered: master and backup, and some more. */
const WORDINGS_MAX = 4;

/** How a file is read. */
export interface ParseOptions {
  /** Blocks that say the same are read once; otherwise each for itself. */
  readonly sharesBlocks?: boolean;
}

/** Reads the lines of a file into a tree. `root` has the words of the top level. */
export function parse<E extends Entries>(
  source: readonly Stretch[],
  root: Table<E>,
  report: Report,
  { sharesBlocks = false }: ParseOptions = {},
): Statement[] {
  const survey = new Report();
  const first = new Parser(new Lexer(source, survey), root, survey, { missing: 0, surplus: 0 }, sharesBlocks);
  const tree = first.run();
  if (first.imbalance.missing === 0 && first.imbalance.surplus === 0) {
    report.absorb(survey);
    return tree;
  }
  return new Parser(new Lexer(source, report), root, report, { ...first.imbalance }).run();
}

/** The statements of a block that stand there on a tape. There was nothing to say about them. */
function statementsAgain(tape: Tape, from: number, to: number, content: Content): Statement[] {
  return new Parser(Lexer.again(tape, from, to), content, new Report(), { missing: 0, surplus: 0 }).run();
}

class Parser {
  readonly imbalance: Imbalance = { missing: 0, surplus: 0 };
  readonly #lexer: Lexer;
  readonly #report: Report;
  /** What may still be repaired. */
  readonly #budget: Imbalance;
  readonly #sharesBlocks: boolean;
  /** Blocks that are open, the innermost last; `#frame` is that one. */
  readonly #frames: Frame[];
  #frame: Frame;
  /** Statements of all open blocks, those of the innermost last. */
  readonly #statements: Statement[] = [];
  readonly #slashes: { word: Word; isSilent: boolean }[] = [];
  /** Of blocks that have been read, the last ones first. */
  readonly #wordings = new Map<Content, Wording[]>();
  #pending: Pending | undefined;
  #strayOpen = 0;
  /** Blocks open beyond `DEPTH_MAX`. */
  #tooDeep = 0;
  #lastLine = 0;
  #lastClosedIndent = -1;

  /** @param sharesBlocks not while braces are repaired: then what is inside is not all that counts */
  constructor(lexer: Lexer, root: Content, report: Report, budget: Imbalance, sharesBlocks = false) {
    this.#lexer = lexer;
    this.#report = report;
    this.#budget = budget;
    this.#sharesBlocks = sharesBlocks;
    this.#frame = { content: root, owner: undefined, first: 0, indent: -1, stray: false, start: undefined };
    this.#frames = [this.#frame];
  }

  run(): Statement[] {
    const lexer = this.#lexer;
    const isComment = this.#isComment.bind(this);
    while (lexer.next(isComment)) {
      this.#take();
      this.#lastLine = lexer.line;
    }
    this.#endPending();
    this.#reportUnclosed();
    this.#reportSlashes();
    while (this.#frames.length > 1) this.#leave();
    return this.#statements;
  }

  /** What the lexer stands at. */
  #take(): void {
    const { count, end, tape, record } = this.#lexer;
    if (count > 0 && this.#tooDeep === 0) {
      const keyword = tape.text(record, 0);
      if (this.#pending !== undefined) this.#settlePending(keyword);
      if (this.#budget.missing > 0) this.#closeForgotten(keyword);
      this.#statement(keyword);
    }
    if (end === '{') this.#open();
    else if (end === '}') this.#close();
  }

  #statement(keyword: string): void {
    const { content } = this.#frame;
    if (content === 'skipped') return;
    const { tape, record, indent } = this.#lexer;
    const isLine = typeof content === 'string';
    const found = isLine ? undefined : content.found.get(keyword);
    const statement = new WrittenStatement(tape, record, found);
    this.#statements.push(statement);
    if (isLine) return;
    const block = found === undefined ? 'skipped' : found.content;
    if (block !== undefined) this.#pending = { statement, content: block, indent };
  }

  #open(): void {
    if (this.#frames.length >= DEPTH_MAX) {
      if (this.#tooDeep++ === 0) {
        this.#report.error(this.#lexer.brace(), 'blocks are nested too deep; what is inside is skipped');
      }
      return;
    }
    if (this.#pending !== undefined) {
      const start = this.#startOf(this.#pending);
      if (start === undefined || !this.#isAlike(this.#pending)) this.#enter(this.#pending, start);
      this.#pending = undefined;
      return;
    }
    const { content, owner, first } = this.#frame;
    const { count, tape, record, indent } = this.#lexer;
    if (content !== 'skipped') {
      this.#strayOpen++;
      const problem =
        count === 0 ? "a '{' that belongs to no keyword" : `'${tape.text(record, 0)}' does not open a block`;
      this.#report.error(this.#lexer.brace(), problem, { suggestion: 'the braces are read as if they were not there' });
    }
    this.#push({ content, owner, first, indent, stray: true, start: undefined });
  }

  #enter({ statement, content, indent }: Pending, start?: Start): void {
    this.#pending = undefined;
    this.#push({ content, owner: statement, first: this.#statements.length, indent, stray: false, start });
  }

  /** Undefined: no other block is to be like this one, as those of the file itself, which are of interest one by one. */
  #startOf({ content }: Pending): Start | undefined {
    const { run, count, position, behindBrace: offset } = this.#lexer;
    if (!this.#sharesBlocks || this.#frames.length === 1 || run === 0 || count === 0) return undefined;
    return typeof content === 'string' ? undefined : { run, position, offset, said: this.#said };
  }

  /** How much there has been to say. */
  get #said(): number {
    return this.#report.count + this.#slashes.length;
  }

  /** Whether what follows has been read already, letter by letter, in another block of the kind; then it is passed. */
  #isAlike({ statement, content }: Pending): boolean {
    const depth = this.#frames.length;
    const wording = this.#wordings.get(content)?.find((one) => one.depth === depth && this.#lexer.skip(one));
    if (wording === undefined) return false;
    statement.wording = wording;
    return true;
  }

  /** The innermost block ends at its brace: others may be like it. */
  #remember({ content, owner, start }: Frame): void {
    if (start === undefined || owner === undefined) return;
    if (start.run !== this.#lexer.run || start.said !== this.#said) return;
    const wording = this.#lexer.wordingSince(start.position, start.offset);
    const { length } = wording;
    owner.wording = {
      ...wording,
      depth: this.#frames.length - 1,
      statements: (tape, from) => statementsAgain(tape, from, from + length, content),
    };
    const known = this.#wordings.get(content) ?? [];
    this.#wordings.set(content, [owner.wording, ...known.slice(0, WORDINGS_MAX - 1)]);
  }

  #push(frame: Frame): void {
    this.#frames.push(frame);
    this.#frame = frame;
  }

  /** Ends the innermost block: its statements are complete. */
  #leave(): void {
    const { owner, first, stray } = this.#frame;
    this.#frames.pop();
    this.#frame = this.#frames[this.#frames.length - 1] as Frame;
    if (stray || owner === undefined) return;
    owner.block = this.#statements.slice(first);
    this.#statements.length = first;
  }

  #close(): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--;
      return;
    }
    this.#dropPending();
    const { startsLine, count, indent, line } = this.#lexer;
    const standsAlone = startsLine && count === 0;
    if (standsAlone && this.#isOneTooMany(indent)) {
      this.#budget.surplus--;
      this.#surplus(this.#lexer.brace());
      return;
    }
    while (standsAlone && this.#budget.missing > 0 && this.#closesOuter(indent)) this.#forgotten(line);
    if (this.#frames.length === 1) {
      this.imbalance.surplus++;
      this.#surplus(this.#lexer.brace());
      return;
    }
    this.#lastClosedIndent = indent;
    this.#remember(this.#frame);
    this.#leave();
  }

  /** Further right than the block that it would close, and as far as the block that was closed before. */
  #isOneTooMany(indent: number): boolean {
    if (this.#budget.surplus === 0 || this.#frames.length === 1) return false;
    return indent > this.#frame.indent && indent === this.#lastClosedIndent;
  }

  /** Further left than the innermost block, and not further left than one around it. */
  #closesOuter(indent: number): boolean {
    return indent < this.#frame.indent && this.#frames.slice(1, -1).some((outer) => outer.indent >= indent);
  }

  #surplus(brace: Place): void {
    this.#report.error(brace, "one '}' too many: no block is open that it could close", { suggestion: 'remove it' });
  }

  /**
   * A word that is unknown here and known further out, not further right than the block's own keyword: the block ends
   * before it. Only while the file lacks a `}`; otherwise the word is just in the wrong place.
   */
  #closeForgotten(keyword: string): void {
    const { startsLine, indent, line } = this.#lexer;
    if (!startsLine) return;
    const frame = this.#frame;
    if (typeof frame.content !== 'string' && frame.content.found.has(keyword)) return;
    if (indent > frame.indent) return;
    const home = this.#frames.findLastIndex(
      (outer) => typeof outer.content !== 'string' && outer.content.found.has(keyword),
    );
    if (home < 0) return;
    while (this.#frames.length - 1 > home && this.#budget.missing > 0) this.#forgotten(line);
  }

  /** The innermost block lacks its `}`, which should stand before the line `next`. */
  #forgotten(next: number): void {
    const { stray, owner } = this.#frame;
    this.#leave();
    this.#budget.missing--;
    if (!stray && owner !== undefined) this.#unclosed(owner, `add '}' before line ${next}`);
  }

  #unclosed(owner: Statement, suggestion: string): void {
    const { keyword, args } = owner;
    const block = `${titleOf(keyword, args)} (line ${keyword.line})`;
    this.#report.error(keyword, `missing '}': the block ${block} is never closed`, { suggestion });
  }

  #reportUnclosed(): void {
    const open = this.#frames.slice(1).filter((frame) => !frame.stray);
    this.imbalance.missing = this.#frames.length - 1;
    // A brace that belongs to nothing takes the '}' of the block around it: said once, where the brace is.
    const blamed = open.slice(0, Math.max(0, this.#frames.length - 1 - this.#strayOpen));
    for (const { owner } of blamed.reverse()) {
      if (owner !== undefined) this.#unclosed(owner, `add '}' after line ${this.#lastLine}`);
    }
  }

  /** Another word comes where a brace should be. */
  #settlePending(next: string): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { statement, content } = pending;
    if (content === 'skipped') return;
    const outer = this.#frame.content;
    const isInside =
      typeof content === 'string'
        ? typeof outer === 'string' || !outer.found.has(next)
        : content.found.has(next) || (typeof outer !== 'string' && !outer.found.has(next));
    const { keyword, args } = statement;
    if (isInside && !(typeof content === 'string' && args.length > 0)) {
      this.#report.error(keyword, `missing '{' after ${titleOf(keyword, args)}`, {
        suggestion: 'read as if it were there',
      });
      this.#enter(pending);
    } else this.#needsBlock(statement);
  }

  #dropPending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined && pending.content !== 'skipped') this.#needsBlock(pending.statement);
  }

  /** The file ends where a block should begin. keepalived does not notice, and takes the block for an empty one. */
  #endPending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined || pending.content === 'skipped') return;
    this.#needsBlock(pending.statement, { exitCode: 0 });
    pending.statement.block = [];
  }

  #needsBlock({ keyword, args }: Statement, details: Details = {}): void {
    const inside = args.length === 0 ? '…' : args.map((word) => word.text).join(' ');
    this.#report.error(keyword, `${keyword.text} needs a block in braces`, {
      suggestion: `write ${keyword.text} { ${inside} }`,
      ...details,
    });
  }

  /** `//` is no comment for keepalived, but where it cannot be anything else it is one for us. */
  #isComment(before: readonly Word[], slashes: Word, rest: string): boolean {
    const { content } = this.#frame;
    const [keyword] = before;
    const found = typeof content === 'string' || keyword === undefined ? undefined : content.found.get(keyword.text);
    if (found !== undefined && needsWord(found.entry, before.length - 1)) return false;
    // For keepalived the block begins in it.
    if (found?.content !== undefined && rest.includes('{')) return false;
    this.#slashes.push({ word: slashes, isSilent: this.#isSilent(before, found, rest) });
    return true;
  }

  /** Whether keepalived passes over it without a word. */
  #isSilent(before: readonly Word[], found: Found | undefined, rest: string): boolean {
    if (/[{}"]/.test(rest) || before.length === 0 || this.#frame.content === 'strict lines') return false;
    if (this.#frame.content === 'lines') return true;
    if (found?.entry.kind === 'block') return found.entry.header.exact !== true;
    if (found?.entry.kind === 'choice') return true;
    if (found?.entry.kind !== 'value') return false;
    const { strict, maxWords, isCommand } = found.entry.type;
    return strict !== true && (before.length > maxWords || isCommand === true);
  }

  #reportSlashes(): void {
    const [first] = this.#slashes;
    if (first === undefined) return;
    const lines = new Set(this.#slashes.map(({ word }) => word.line)).size;
    const where = lines === 1 ? '' : `; ${lines} lines have it`;
    const isSilent = this.#slashes.every((one) => one.isSilent);
    this.#report.warning({ ...first.word, length: 2 }, `'//' is not a comment for keepalived${where}`, {
      suggestion: 'comments start with # or !; it is read as one here',
      ...(isSilent ? { exitCode: 0 } : {}),
    });
  }
}

/** Whether slashes stand where a value has to be, or could be one. @param given how many words stand before them */
const needsWord = (entry: Entry, given: number): boolean =>
  entry.kind === 'value' && (given < entry.type.minWords || (given === 0 && entry.type.slashes === true));

/** A block as messages call it: its keyword and the words before its brace. */
export const titleOf = (keyword: Word, header: readonly Word[]): string =>
  [keyword, ...header].map((word) => word.text).join(' ');
