/**
 * `$NAME=VALUE` and what stands for it later. A value is put in where it is used and is read again then, so a parameter
 * may name others that get their values later. keepalived.conf(5) "PARAMETER SUBSTITUTION".
 */

/** What the built-in parameters stand for. */
export interface Surroundings {
  /** What `@id` lines ask for, and `${_INSTANCE}`. */
  readonly configId: string;
  /** `${_ENV NAME}`; undefined: not set. */
  environment(name: string): string | undefined;
  /** `${_RANDOM MIN MAX}`, both included. */
  random(min: number, max: number): number;
  /** `${_PWD}` of a file. @param folder of the file as the configuration names it */
  absolute(folder: string): string;
}

/** A text and what is known of where it came from. */
interface Definition {
  /** At least one; several for a value of several lines. */
  readonly lines: readonly string[];
  /** The number of the line that it stands in; undefined for the name of a sequence. */
  readonly line: number | undefined;
}

/** A line with its parameters put in. */
export interface Substitution {
  readonly text: string;
  /** Further lines of a value that has several. */
  readonly more: readonly string[];
  /** The parameters that were put in, with the lines they were defined in. */
  readonly from: readonly string[];
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
}

interface MutableSubstitution {
  text: string;
  more: readonly string[];
  readonly from: string[];
  readonly problems: string[];
}

/** `$NAME=`, at the start of a line. */
export const DEFINITION = /^\$([A-Za-z_][A-Za-z0-9_]*)=\s*(.*)$/s;

/** `${NAME …}` anywhere; `$NAME` before a blank, a comma, a closing parenthesis or the end. */
const REFERENCE = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t][^{}]*)?)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[\s,)]|$))/y;

const RANDOM_MAX = 32767;

/** The parameters of a configuration, as they stand at one point of it. */
export class Parameters {
  readonly #defined = new Map<string, Definition>();
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  define(name: string, lines: readonly string[], line?: number): void {
    this.#defined.set(name, { lines, line });
  }

  /** Puts values in, once; undefined when there is nothing to put in. */
  substitute(text: string, folder: string): Substitution | undefined {
    let end = 0;
    let result: MutableSubstitution | undefined;
    let quotes: QuoteCounter | undefined;
    for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', dollar + 1)) {
      if (dollar < end) continue;
      REFERENCE.lastIndex = dollar;
      const found = REFERENCE.exec(text);
      if (found === null) continue;
      const [all, braced, argument = '', bare = ''] = found;
      const name = braced ?? bare;
      const definition = this.#defined.get(name);
      let value = definition?.lines[0];
      if (value === undefined) {
        quotes ??= new QuoteCounter(text);
        const isQuoted = quotes.isInside(dollar);
        value = this.#builtIn(name, argument.trim(), isQuoted, folder);
        // Braces would be taken for those of a block.
        if (value === undefined && (braced === undefined || isQuoted)) continue;
      }
      result ??= { text: '', more: [], from: [], problems: [] };
      if (value === undefined) result.problems.push(`the parameter ${all} is not defined`);
      if (definition?.line !== undefined) result.from.push(`$${name} of line ${definition.line}`);
      result.text += text.slice(end, dollar) + (value ?? `$${name}`);
      end = dollar + all.length;
      if (definition === undefined || definition.lines.length === 1) continue;
      if (end >= text.trimEnd().length) result.more = definition.lines.slice(1);
      else
        result.problems.push(`${all} has several lines and must be the last thing in its line; only the first is read`);
    }
    if (result !== undefined) result.text += text.slice(end);
    return result;
  }

  /** Undefined: there is none of that name, or not with such words. */
  #builtIn(name: string, argument: string, isQuoted: boolean, folder: string): string | undefined {
    const { configId, environment, absolute } = this.#surroundings;
    if (name === '_ENV') return environment(argument)?.replace(/\s+/g, ' ') ?? '';
    if (name === '_RANDOM') return this.#random(argument);
    if (argument !== '') return undefined;
    switch (name) {
      case '_PWD':
        return absolute(folder);
      case '_INSTANCE':
        return configId;
      case '_HASH':
        return isQuoted ? '#' : '\\#';
      case '_BANG':
        return isQuoted ? '!' : '\\!';
      default:
        return undefined;
    }
  }

  #random(argument: string): string | undefined {
    const given = argument === '' ? [] : argument.split(/[\s,]+/);
    if (given.length > 2 || given.some((word) => !/^[0-9]{1,9}$/.test(word))) return undefined;
    const [min = 0, max = RANDOM_MAX] = given.map(Number);
    return String(this.#surroundings.random(min, Math.max(min, max)));
  }
}

/** Tells whether offsets are between quotation marks. They are asked for from left to right. */
class QuoteCounter {
  readonly #text: string;
  #next: number;
  #isInside = false;

  constructor(text: string) {
    this.#text = text;
    this.#next = text.indexOf('"');
  }

  isInside(offset: number): boolean {
    while (this.#next >= 0 && this.#next < offset) {
      this.#isInside = !this.#isInside;
      this.#next = this.#text.indexOf('"', this.#next + 1);
    }
    return this.#isInside;
  }
}
