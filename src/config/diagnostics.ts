/**
 * What reading a configuration has to say: one `Diagnostic` for each mistake. How it is printed: diagnostic-text.ts.
 *
 * Nothing here stops the reading. The exit code of a file is worked out from its diagnostics in keepalived's order of
 * kinds, keepalived.conf(5) and `keepalived --config-test`.
 */
import type { Patience } from './suggestion.ts';

/** error: something is lost or will not work as meant. warning: someone should know. note: nothing to do. */
export type Severity = 'error' | 'warning' | 'note';

/**
 * What `-t` ends with: 0 nothing to complain about, 2 a keyword without its value, 4 cannot run, 5 any other complaint,
 * 6 script security or an unreadable file. The numbers are keepalived's.
 */
export type ExitCode = 0 | 2 | 4 | 5 | 6;

/** One thing to say about one place. Plain data: `JSON.stringify` gives the form of `check --json`. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters (code points), not bytes. */
  readonly column: number;
  /** How many characters the caret underlines; at least 1. */
  readonly length: number;
  /** The keyword that it is about, as it stands in the file. */
  readonly keyword?: string;
  /** One line, without full stop. */
  readonly message: string;
  /** What to write instead, to be read after the message. */
  readonly suggestion?: string;
  /** What `keepalived -t` would end with for this alone. Absent: 5 for an error or a warning, 0 for a note. */
  readonly exitCode?: ExitCode;
  /** keepalived refuses to run with this; we run with what is left. */
  readonly fatal?: true;
  /** How the reading came to the file: the lines that include it, the innermost first. Absent: it is the first file. */
  readonly includedFrom?: readonly { readonly file: string; readonly line: number }[];
}

/** Where something stands. Every word of a file is a place. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The parameter that the text comes from, and where that was defined. */
  readonly via?: string;
}

/** What may be said besides the sentence. */
export type Details = Pick<Diagnostic, 'suggestion' | 'exitCode' | 'keyword' | 'fatal'>;

/** A file that is all mistakes shall not fill the memory, or the reader's evening. */
const DIAGNOSTICS_MAX = 1000;

/** Nor shall one word that is a whole file: of a longer sentence the middle goes, the end has what comes of it. */
const SENTENCE_MAX = 1000;
const SENTENCE_END = 200;

/** Names that are compared with what somebody wrote; more takes longer than it helps. */
const SEARCHES_MAX = 10_000;

/** Collects the diagnostics of one reading; says each thing once. */
export class Report implements Patience {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #said = new Set<string>();
  readonly #exitCodes = new Set<ExitCode>();
  readonly #later = new Map<string, { place: Place; words: Set<string> }>();
  /** The line that included a file first. */
  readonly #includedAt = new Map<string, { readonly file: string; readonly line: number }>();
  #count = 0;
  #omitted = 0;
  #searches = 0;

  /** Remembers which line includes a file. */
  includes(file: string, { file: by, line }: Pick<Place, 'file' | 'line'>): void {
    if (!this.#includedAt.has(file)) this.#includedAt.set(file, { file: by, line });
  }

  /** How often there was something to say. */
  get count(): number {
    return this.#count;
  }

  error(at: Place, message: string, details: Details = {}): void {
    this.#say('error', at, message, details);
  }

  warning(at: Place, message: string, details: Details = {}): void {
    this.#say('warning', at, message, details);
  }

  note(at: Place, message: string, details: Details = {}): void {
    this.#say('note', at, message, details);
  }

  #say(severity: Severity, at: Place, message: string, details: Details): void {
    this.#count++;
    if (this.#diagnostics.length >= DIAGNOSTICS_MAX) this.#omit(severity, details);
    else {
      const whole = shortened(severity === 'note' ? message : withOrigin(message, at));
      const { suggestion } = details;
      const said = suggestion === undefined ? details : { ...details, suggestion: shortened(suggestion) };
      this.#add({ severity, ...placeOf(at), message: whole, ...said });
    }
  }

  #omit(severity: Severity, { exitCode }: Details): void {
    this.#exitCodes.add(exitCode ?? (severity === 'note' ? 0 : 5));
    this.#omitted++;
  }

  /** For `nearestWord`: a message that is not kept needs no suggestion. */
  spend(): boolean {
    return this.#diagnostics.length < DIAGNOSTICS_MAX && this.#searches++ < SEARCHES_MAX;
  }

  /** Remembers a word that is accepted without effect so far; all of a file are told in one note. */
  notActedOn(at: Place, word: string): void {
    this.#count++;
    const file = this.#later.get(at.file);
    if (file === undefined) this.#later.set(at.file, { place: at, words: new Set([word]) });
    else file.words.add(word);
  }

  /** Everything said so far, in the order of the file, and keepalived's exit code for it. */
  finish(): { readonly diagnostics: Diagnostic[]; readonly exitCode: ExitCode } {
    for (const { place, words } of this.#later.values()) {
      this.note(place, `accepted, not acted on yet: ${[...words].join(', ')}`);
    }
    this.#later.clear();
    const files = new Map([...new Set(this.#diagnostics.map(({ file }) => file))].map((file, i) => [file, i]));
    const diagnostics = this.#diagnostics
      .map((one) => ({ ...one, ...this.#wayTo(one.file) }))
      .sort((a, b) => (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.line - b.line || a.column - b.column);
    const last = diagnostics.at(-1);
    if (last !== undefined && this.#omitted > 0) {
      const { file, line, column, length } = last;
      diagnostics.push({ severity: 'note', file, line, column, length, message: `and ${this.#omitted} more` });
    }
    return { diagnostics, exitCode: this.#exitCode() };
  }

  #wayTo(file: string): Pick<Diagnostic, 'includedFrom'> {
    const way: { file: string; line: number }[] = [];
    const passed = new Set([file]);
    for (
      let at = this.#includedAt.get(file);
      at !== undefined && !passed.has(at.file);
      at = this.#includedAt.get(at.file)
    ) {
      way.push(at);
      passed.add(at.file);
    }
    return way.length === 0 ? {} : { includedFrom: way };
  }

  /** Takes over what another report has collected. */
  absorb(other: Report): void {
    for (const diagnostic of other.#diagnostics) this.#add(diagnostic);
    for (const exitCode of other.#exitCodes) this.#exitCodes.add(exitCode);
    this.#omitted += other.#omitted;
  }

  #add(diagnostic: Diagnostic): void {
    if (this.#diagnostics.length >= DIAGNOSTICS_MAX) {
      this.#omit(diagnostic.severity, diagnostic);
      return;
    }
    const { file, line, column, message, severity, exitCode } = diagnostic;
    this.#exitCodes.add(exitCode ?? (severity === 'note' ? 0 : 5));
    const key = `${file}\0${line}:${column}\0${message}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#diagnostics.push(diagnostic);
  }

  /** keepalived leaves at once for a missing value; otherwise the kind that stands last in its list decides. */
  #exitCode(): ExitCode {
    return ([2, 6, 5, 4] as const).find((code) => this.#exitCodes.has(code)) ?? 0;
  }
}

const shortened = (sentence: string): string =>
  sentence.length <= SENTENCE_MAX
    ? sentence
    : `${sentence.slice(0, SENTENCE_MAX - SENTENCE_END)}…${sentence.slice(-SENTENCE_END)}`;

const withOrigin = (message: string, { via }: Place): string =>
  via === undefined ? message : `${message} (from ${via})`;

const placeOf = ({ file, line, column, length }: Place): Place => ({ file, line, column, length: Math.max(1, length) });
