/**
 * Lines to lines, before any word is looked at: included files, `@id` lines, parameters, sequences.
 *
 * A line that stands for others keeps its own place: what is wrong with them is said there, with the parameter that the
 * text came from. Each file is read once, however often it is included. Nothing here recurses into the language.
 */
import type { Details, Report } from './diagnostics.ts';
import { type FileAccess, findFiles, folderOf } from './glob.ts';
import { DEFINITION, Parameters, type Surroundings } from './parameters.ts';
import { isSequence, readSequence } from './sequence.ts';
import { decodeText, readSource, type SourceLine } from './source.ts';

/** Deeper than anybody nests files. */
const FILES_DEEP_MAX = 64;
/** More than anybody includes. */
const FILES_MAX = 10_000;
/** A parameter that is still not at its end after so many replacements names itself. */
const REPLACEMENTS_MAX = 64;
/** More than any line or file is meant to become. */
const LINE_LENGTH_MAX = 65_536;
const EXPANDED_MAX = 8_000_000;

/** What such a line starts with or holds; all other lines are passed on as they are. */
const SPECIAL = /^\s*[@~]|\$|^\s*include/;
const INCLUDE = /^(include[rmwba]?)\s+(\S.*)$/s;

/** Which kinds of missing files are errors: unreadable ones, names, patterns, alternatives in braces. */
type Check = 'readable' | 'match' | 'wildcard_match' | 'brace_match';
const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  include: [],
  includer: ['readable'],
  includem: ['readable', 'match'],
  includew: ['readable', 'match', 'wildcard_match'],
  includeb: ['readable', 'match', 'brace_match'],
  includea: ['readable', 'match', 'wildcard_match', 'brace_match'],
};

/** What a line still has to go through. */
interface Work {
  readonly text: string;
  /** Defined before the text is read. */
  readonly values: readonly (readonly [name: string, value: string])[];
  readonly replacements: number;
  readonly from: readonly string[];
  /** An `@id` in front of it has been looked at. */
  readonly isChosen: boolean;
}

/** All lines of a configuration. What `files` throws for `main` itself is passed on. */
export function expand(main: string, files: FileAccess, surroundings: Surroundings, report: Report): SourceLine[] {
  return new Expander(files, surroundings, report).run(main);
}

class Expander {
  readonly #files: FileAccess;
  readonly #configId: string;
  readonly #report: Report;
  readonly #parameters: Parameters;
  readonly #lines: SourceLine[] = [];
  readonly #contents = new Map<string, SourceLine[]>();
  /** Files being read, the innermost last. */
  readonly #open: string[] = [];
  /** The value of several lines that is being defined. */
  #definition: { name: string; lines: string[]; at: SourceLine } | undefined;
  #alwaysChecked: readonly Check[] = [];
  #expanded = 0;
  #included = 0;

  constructor(files: FileAccess, surroundings: Surroundings, report: Report) {
    this.#files = files;
    this.#configId = surroundings.configId;
    this.#report = report;
    this.#parameters = new Parameters(surroundings);
  }

  run(main: string): SourceLine[] {
    this.#file(main, this.#read(main));
    return this.#lines;
  }

  #read(path: string): SourceLine[] {
    const known = this.#contents.get(path);
    if (known !== undefined) return known;
    const lines = readSource(path, decodeText(this.#files.readFile(path)), this.#report);
    this.#contents.set(path, lines);
    return lines;
  }

  #file(path: string, lines: readonly SourceLine[]): void {
    this.#open.push(path);
    for (const line of lines) {
      if (this.#definition !== undefined) this.#continueDefinition(line);
      else if (SPECIAL.test(line.text)) this.#special(line);
      else this.#lines.push(line);
      if (line.text.includes('include_check')) this.#includeCheck(line.text);
    }
    this.#finishDefinition();
    this.#open.pop();
  }

  #special(line: SourceLine): void {
    const text = withoutComment(line.text);
    // Only a comment had what is special.
    if (!SPECIAL.test(text)) this.#lines.push(line);
    else this.#work(text, line);
  }

  #work(first: string, line: SourceLine): void {
    const stack: Work[] = [{ text: first, values: [], replacements: 0, from: [], isChosen: false }];
    for (let work = stack.pop(); work !== undefined; work = stack.pop()) {
      for (const [name, value] of work.values) this.#parameters.define(name, [value]);
      this.#expanded += work.replacements === 0 ? 0 : work.text.length;
      if (work.text.length > LINE_LENGTH_MAX || this.#expanded > EXPANDED_MAX) {
        this.#error(line, 'parameters make this line too long; it is left out');
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
      if (!id || !rest || (id === this.#configId) === (not === '^')) return [];
      return [{ ...work, text: rest, isChosen: true }];
    }
    const [, name, value] = DEFINITION.exec(text) ?? [];
    if (name !== undefined && value !== undefined) {
      this.#define(name, value, line);
      return [];
    }
    if (isSequence(text)) return this.#sequence(work, text, line);
    const replaced = this.#parameters.substitute(text, folderOf(line.file));
    if (replaced === undefined) {
      this.#pass(work, text, line);
      return [];
    }
    for (const problem of replaced.problems) this.#error(line, problem);
    if (work.replacements >= REPLACEMENTS_MAX) {
      this.#error(line, 'a parameter in this line names itself; the line is left out');
      return [];
    }
    const from = [...new Set([...work.from, ...replaced.from])];
    const replacements = work.replacements + 1;
    return [replaced.text, ...replaced.more].map((each) => {
      return { text: each, values: [], replacements, from, isChosen: false };
    });
  }

  #sequence(work: Work, text: string, line: SourceLine): readonly Work[] {
    // Its own numbers may be parameters; what follows it is for each round to read.
    const close = text.indexOf(')');
    const replaced = this.#parameters.substitute(text.slice(0, close + 1), folderOf(line.file));
    const sequence = readSequence(replaced === undefined ? text : replaced.text + text.slice(close + 1));
    if (typeof sequence === 'string') {
      this.#error(line, `${sequence}; the line is left out`);
      return [];
    }
    return sequence.rounds.map((values) => ({ ...work, text: sequence.rest, values, isChosen: false }));
  }

  /** The line is ready to be read. */
  #pass(work: Work, text: string, line: SourceLine): void {
    const [, keyword, pattern] = INCLUDE.exec(text) ?? [];
    if (keyword !== undefined && pattern !== undefined) this.#include(keyword, pattern.trim(), line);
    else if (work.replacements === 0 && text === withoutComment(line.text).trim()) this.#lines.push(line);
    else this.#lines.push({ ...line, text, origin: { text: line.text, from: work.from } });
  }

  #define(name: string, value: string, line: SourceLine): void {
    if (!value.endsWith('\\')) {
      this.#parameters.define(name, [value], line);
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
    this.#parameters.define(name, lines.length === 0 ? [''] : lines, at);
    this.#definition = undefined;
  }

  #includeCheck(text: string): void {
    const [, words] = /^\s*include_check\b([^#!]*)/.exec(text) ?? [];
    if (words === undefined) return;
    const all = CHECKS.includea as readonly Check[];
    const given = words.trim().split(/\s+/).filter(Boolean);
    let checked = new Set<Check>(given.length === 0 ? all : this.#alwaysChecked);
    if (given.some((word) => !/^[+-]/.test(word))) checked = new Set();
    for (const word of given) {
      const kind = all.find((check) => check.startsWith(word.replace(/^[+-]/, '')));
      if (kind !== undefined && word.startsWith('-')) checked.delete(kind);
      else if (kind !== undefined) checked.add(kind);
    }
    this.#alwaysChecked = [...checked];
  }

  #include(keyword: string, pattern: string, line: SourceLine): void {
    const checks = [...(CHECKS[keyword] ?? []), ...this.#alwaysChecked];
    const details = (check: Check): Details => ({ keyword, exitCode: checks.includes(check) ? 6 : 0 });
    const alternatives = findFiles(pattern, folderOf(line.file), this.#files);
    const missing = alternatives.filter(({ paths }) => paths.length === 0);
    for (const { pattern: wanted, hasWildcard } of missing) {
      const check = hasWildcard ? 'wildcard_match' : alternatives.length > 1 ? 'brace_match' : 'match';
      const problem = hasWildcard ? `no file matches ${wanted}` : `there is no file ${wanted}`;
      const where = folderOf(line.file);
      const hint = wanted.startsWith('/') || where === '' ? undefined : `relative names start in ${where}`;
      this.#warning(line, `${keyword}: ${problem}`, { ...details(check), ...(hint ? { suggestion: hint } : {}) });
    }
    for (const path of alternatives.flatMap(({ paths }) => paths)) this.#includeFile(path, line, details('readable'));
  }

  #includeFile(path: string, line: SourceLine, details: Details): void {
    const kind = this.#files.kindOf(path);
    if (kind !== 'file') {
      const what = kind === 'executable' ? 'is executable' : kind === 'directory' ? 'is a folder' : 'is no plain file';
      this.#warning(line, `${details.keyword}: ${path} ${what}; it is not read`, details);
      return;
    }
    if (this.#open.includes(path)) {
      this.#error(line, `${path} includes itself; it is not read again`);
      return;
    }
    if (this.#open.length >= FILES_DEEP_MAX || this.#included++ >= FILES_MAX) {
      this.#error(line, `too many files are included; ${path} is not read`);
      return;
    }
    let lines: readonly SourceLine[];
    try {
      lines = this.#read(path);
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      if (code === undefined) throw error;
      this.#warning(line, `${details.keyword}: ${path} cannot be read: ${message}`, details);
      return;
    }
    this.#file(path, lines);
  }

  #error(line: SourceLine, message: string): void {
    this.#report.error(placeOf(line), message);
  }

  #warning(line: SourceLine, message: string, details: Details): void {
    this.#report.warning(placeOf(line), message, details);
  }
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
    else if (character === '\\' && !isQuoted && (text[i + 1] === '#' || text[i + 1] === '!')) i++;
    else if (!isQuoted && (character === '#' || character === '!')) {
      return text.slice(0, i) + (text.trimEnd().endsWith('\\') ? '\\' : '');
    }
  }
  return text;
}
