/**
 * Lines to lines, before any word is looked at: included files, `@id` lines, parameters, sequences.
 *
 * A line that stands for others keeps its own place: what is wrong with them is said there, with the parameter that the
 * text came from. Each file is read once, however often it is included. Nothing here recurses into the language.
 */
import type { Details, Report } from './diagnostics.ts';
import { type FileAccess, findFiles, folderOf } from './glob.ts';
import { CheckLevel } from './include-check.ts';
import { DEFINITION, Parameters, type Surroundings } from './parameters.ts';
import { isSequence, readSequence } from './sequence.ts';
import { decodeText, Origin, readSource, type Stretch, wholeText } from './source.ts';

/** Deeper than anybody nests files. */
const FILES_DEEP_MAX = 64;
/** More than anybody includes. */
const FILES_MAX = 10_000;
/** A parameter that is still not at its end after so many replacements names itself. */
const REPLACEMENTS_MAX = 64;
const NO_VALUES: Work['values'] = [];

/** More than any line or file is meant to become. */
const LINE_LENGTH_MAX = 65_536;
const EXPANDED_MAX = 8_000_000;

/** What such a line starts with or holds; all other lines are passed on as they are. */
const SPECIAL = /\$|^[ \t\r\v\f]*[@~]|include/;
/** The same in a text of many lines. */
const SPECIAL_LINE = new RegExp(SPECIAL.source, 'gm');
const INCLUDE = /^(include[rmwba]?)\s+(\S.*)$/s;

/** A line that is looked at. */
interface SourceLine {
  readonly file: string;
  readonly number: number;
  readonly text: string;
  /** As it stands there. */
  readonly itself: Stretch;
}

/** What a line still has to go through. */
interface Work {
  readonly text: string;
  /** Defined before the text is read. */
  readonly values: readonly (readonly [name: string, value: string])[];
  readonly replacements: number;
  /** The line as it was written, with the parameters that have been put in. */
  readonly origin: Origin;
  /** An `@id` in front of it has been looked at. */
  readonly isChosen: boolean;
}

/** The whole text of a configuration. What `files` throws for `main` itself is passed on. */
export function expand(main: string, files: FileAccess, surroundings: Surroundings, report: Report): Stretch[] {
  return new Expander(files, surroundings, report).run(main);
}

class Expander {
  readonly #files: FileAccess;
  readonly #configId: string;
  readonly #report: Report;
  readonly #parameters: Parameters;
  readonly #stretches: Stretch[] = [];
  readonly #contents = new Map<string, Stretch>();
  /** Files being read, the innermost last. */
  readonly #open: Stretch[] = [];
  /** The value of several lines that is being defined. */
  #definition: { name: string; lines: string[]; at: SourceLine } | undefined;
  #level = new CheckLevel();
  #expanded = 0;
  #included = 0;

  constructor(files: FileAccess, surroundings: Surroundings, report: Report) {
    this.#files = files;
    this.#configId = surroundings.configId;
    this.#report = report;
    this.#parameters = new Parameters(surroundings);
  }

  run(main: string): Stretch[] {
    this.#file(this.#read(main));
    return this.#stretches;
  }

  /** Each file is read once. */
  #read(path: string): Stretch {
    const known = this.#contents.get(path);
    if (known !== undefined) return known;
    const source = readSource(path, decodeText(this.#files.readFile(path)), this.#report);
    this.#contents.set(path, source);
    return source;
  }

  /** Goes from one special line to the next; what is between them is passed on in one piece. */
  #file(source: Stretch): void {
    const { file, text } = source;
    const level = this.#level;
    this.#level = level.copy();
    this.#open.push(source);
    /** The first line that has not been passed on, and the one that is looked at. */
    let passed = { start: 0, line: 1 };
    let { start, line } = passed;
    for (;;) {
      const special = this.#definition === undefined ? nextSpecial(text, start) : start;
      if (special >= text.length) break;
      for (let end = text.indexOf('\n', start); end >= 0 && end < special; end = text.indexOf('\n', start)) {
        start = end + 1;
        line++;
      }
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      const itself = { ...source, line, start, end };
      const looked = { file, number: line, text: text.slice(start, end), itself };
      start = end + 1;
      line++;
      if (this.#isPlain(looked.text)) continue;
      this.#pass({ ...source, ...passed, end: itself.start });
      passed = { start, line };
      this.#special(looked);
    }
    this.#pass({ ...source, ...passed, end: text.length });
    this.#finishDefinition();
    this.#open.pop();
    this.#level = level;
  }

  #pass(stretch: Stretch): void {
    if (stretch.end > stretch.start) this.#stretches.push(stretch);
  }

  /** Whether only a comment has what is special. */
  #isPlain(text: string): boolean {
    return this.#definition === undefined && !SPECIAL.test(withoutComment(text));
  }

  #special(line: SourceLine): void {
    if (this.#definition !== undefined) this.#continueDefinition(line);
    else this.#work(withoutComment(line.text), line);
  }

  #work(first: string, line: SourceLine): void {
    const origin = new Origin(line.text);
    const stack: Work[] = [{ text: first, values: NO_VALUES, replacements: 0, origin, isChosen: false }];
    for (let work = stack.pop(); work !== undefined; work = stack.pop()) {
      for (const [name, value] of work.values) this.#parameters.define(name, [value]);
      this.#expanded += work.replacements === 0 ? 0 : work.text.length;
      if (work.text.length > LINE_LENGTH_MAX || this.#expanded > EXPANDED_MAX) {
        this.#error(line, 'parameters make this line too long; it is left out');
        return;
      }
      if (work.replacements > REPLACEMENTS_MAX) {
        // It would go on for ever, and so would what else comes of the line.
        this.#error(line, 'a parameter in this line names itself; the line is left out');
        return;
      }
      const next = this.#step(work, line);
      for (let i = next.length - 1; i >= 0; i--) stack.push(next[i] as Work);
    }
  }

  /** What a line becomes; nothing when it is done with. */
  #step(work: Work, line: SourceLine): readonly Work[] {
    const text = work.text.trim();
    if (text.startsWith('@') && !work.isChosen) {
      const [, not, id, rest] = /^@(\^?)(\S*)\s*(.*)$/s.exec(text) ?? [];
      if (!rest || (id === this.#configId) === (not === '^')) return [];
      return [{ ...work, text: rest, isChosen: true }];
    }
    const [, name, value] = text.startsWith('$') ? (DEFINITION.exec(text) ?? []) : [];
    if (name !== undefined && value !== undefined) {
      this.#define(name, value, line);
      return [];
    }
    if (isSequence(text)) return this.#sequence(work, text, line);
    const replaced = this.#parameters.substitute(text, folderOf(line.file));
    if (replaced === undefined) {
      this.#passLine(work, text, line);
      return [];
    }
    for (const problem of replaced.problems) this.#error(line, problem);
    const origin = work.origin.with(replaced.from);
    const replacements = work.replacements + 1;
    return [replaced.text, ...replaced.more].map((each) => {
      return { text: each, values: NO_VALUES, replacements, origin, isChosen: false };
    });
  }

  #sequence(work: Work, text: string, line: SourceLine): readonly Work[] {
    const close = text.indexOf(')');
    // The numbers of ~SEQ may be parameters. Those of ~LST stay, and are read again where its name is used.
    const numbers = text.startsWith('~SEQ') ? text.slice(0, close + 1) : '';
    const replaced = this.#parameters.substitute(numbers, folderOf(line.file));
    const sequence = readSequence(replaced === undefined ? text : replaced.text + text.slice(close + 1));
    if (typeof sequence === 'string') {
      this.#error(line, `${sequence}; the line is left out`);
      return [];
    }
    return sequence.rounds.map((values) => ({ ...work, text: sequence.rest, values, isChosen: false }));
  }

  /** The line is ready to be read. */
  #passLine(work: Work, text: string, line: SourceLine): void {
    const [, keyword, pattern] = text.startsWith('include') ? (INCLUDE.exec(text) ?? []) : [];
    if (keyword !== undefined && pattern !== undefined) {
      this.#include(keyword, pattern.trim(), line);
      return;
    }
    if (text.includes('include_check')) this.#includeCheck(text, line.itself);
    if (work.replacements === 0 && text === withoutComment(line.text).trim()) this.#pass(line.itself);
    else this.#pass(wholeText(line.file, line.number, text, work.origin));
  }

  #define(name: string, value: string, line: SourceLine): void {
    if (!value.endsWith('\\')) {
      this.#parameters.define(name, [value], line.number);
      return;
    }
    const first = value.slice(0, -1).trim();
    this.#definition = { name, lines: first === '' ? [] : [first], at: line };
  }

  #continueDefinition(line: SourceLine): void {
    const text = withoutComment(line.text).trim();
    const isLast = !text.endsWith('\\');
    const value = isLast ? text : text.slice(0, -1).trim();
    if (value !== '') this.#definition?.lines.push(value);
    if (isLast) this.#finishDefinition();
  }

  #finishDefinition(): void {
    if (this.#definition === undefined) return;
    const { name, lines, at } = this.#definition;
    this.#parameters.define(name, lines.length === 0 ? [''] : lines, at.number);
    this.#definition = undefined;
  }

  #includeCheck(text: string, { text: source, start }: Stretch): void {
    for (const [, before = '', words = ''] of text.matchAll(/(.*?)(?<![^\s{}"])include_check\b"?([^{}]*)/g)) {
      if (!/(^|[{}])\s*"?$/.test(before)) continue;
      if (isInGlobalDefs(source.slice(0, start) + before, this.#open.length > 1)) this.#level.set(words);
    }
  }

  #include(keyword: string, pattern: string, line: SourceLine): void {
    const level = this.#level.with(keyword);
    const folder = folderOf(line.file);
    const found = findFiles(pattern, folder, this.#files);
    const isFatal = level.fails(pattern, found);
    for (const { pattern: wanted, hasWildcard, paths } of found) {
      if (paths.length > 0) continue;
      const problem = hasWildcard ? `no file matches ${wanted}` : `there is no file ${wanted}`;
      const hint = wanted.startsWith('/') || folder === '' ? {} : { suggestion: `relative names start in ${folder}` };
      this.#warning(line, `${keyword}: ${problem}`, { keyword, exitCode: isFatal ? 6 : 0, ...hint });
    }
    for (const path of found.flatMap(({ paths }) => paths)) {
      this.#includeFile(path, line, { keyword, exitCode: level.wantsReadable ? 6 : 0 });
    }
  }

  #includeFile(path: string, line: SourceLine, details: Details): void {
    const kind = this.#files.kindOf(path);
    if (kind !== 'file') {
      const what = kind === 'executable' ? 'is executable' : kind === 'directory' ? 'is a folder' : 'is no plain file';
      this.#warning(line, `${details.keyword}: ${path} ${what}; it is not read`, details);
      return;
    }
    if (this.#open.some(({ file }) => file === path)) {
      this.#error(line, `${path} includes itself; it is not read again`);
      return;
    }
    if (this.#open.length >= FILES_DEEP_MAX || this.#included++ >= FILES_MAX) {
      this.#error(line, `too many files are included; ${path} is not read`);
      return;
    }
    this.#report.includes(path, { file: line.file, line: line.number });
    let source: Stretch;
    try {
      source = this.#read(path);
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      if (code === undefined) throw error;
      this.#warning(line, `${details.keyword}: ${path} cannot be read: ${message}`, details);
      return;
    }
    this.#file(source);
  }

  #error(line: SourceLine, message: string): void {
    this.#report.error(placeOf(line), message);
  }

  #warning(line: SourceLine, message: string, details: Details): void {
    this.#report.warning(placeOf(line), message, details);
  }
}

/** Where the next special line begins, or a blank before it; the length of the text when there is none. */
function nextSpecial(text: string, from: number): number {
  SPECIAL_LINE.lastIndex = from;
  return SPECIAL_LINE.exec(text)?.index ?? text.length;
}

/** Whether what follows a text stands in global_defs, as far as the text of one file can tell. */
function isInGlobalDefs(before: string, isIncluded: boolean): boolean {
  const block = before.slice(Math.max(0, before.lastIndexOf('global_defs')));
  const depth = block.split('{').length - block.split('}').length;
  return block.startsWith('global_defs') ? depth === 1 : isIncluded && !/[{}]/.test(block);
}

function placeOf({ file, number, text }: SourceLine) {
  const column = text.length - text.trimStart().length + 1;
  return { file, line: number, column, length: Math.max(1, withoutComment(text).trim().length) };
}

/** A line up to its comment. A backslash at the very end stays: it says that a definition goes on. */
export function withoutComment(text: string): string {
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '\\' && !/[#!]/.test(text[i + 1] ?? '')) i++;
    else if (character === '#' || character === '!' || character === '\\') {
      return text.slice(0, i) + (text.trimEnd().endsWith('\\') ? '\\' : '');
    }
  }
  return text;
}
