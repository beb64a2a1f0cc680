/**
 * `$NAME=VALUE` and what stands for it later. A value is put in where it is used and is read again then, so a parameter
 * may name others that get their values later. keepalived.conf(5) "PARAMETER SUBSTITUTION".
 */
import type { SourceLine } from './source.ts';

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
  readonly at: SourceLine | undefined;
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

/** `$NAME=`, at the start of a line. */
export const DEFINITION = /^\$([A-Za-z_][A-Za-z0-9_]*)=\s*(.*)$/s;

/** `${NAME …}` anywhere; `$NAME` before a blank, a comma, a closing parenthesis or the end. */
const REFERENCE = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t][^{}]*)?)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[\s,)]|$))/g;

const RANDOM_MAX = 32767;

/** The parameters of a configuration, as they stand at one point of it. */
export class Parameters {
  readonly #defined = new Map<string, Definition>();
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  define(name: string, lines: readonly string[], at?: SourceLine): void {
    this.#defined.set(name, { lines, at });
  }

  /** Puts values in, once; undefined when there is nothing to put in. */
  substitute(text: string, folder: string): Substitution | undefined {
    const from: string[] = [];
    const problems: string[] = [];
    let more: readonly string[] = [];
    let changed = false;
    const result = text.replace(REFERENCE, (all, braced?: string, argument = '', bare?: string, offset = 0) => {
      const name = braced ?? bare ?? '';
      const isQuoted = quotesBefore(text, offset) % 2 === 1;
      const definition = this.#defined.get(name);
      const value = definition ? definition.lines[0] : this.#builtIn(name, argument.trim(), isQuoted, folder);
      if (value === undefined) {
        // Its braces would be taken for those of a block.
        if (braced === undefined || isQuoted) return all;
        changed = true;
        problems.push(`the parameter ${all} is not defined`);
        return `$${name}`;
      }
      changed = true;
      if (definition?.at !== undefined) from.push(`$${name} of line ${definition.at.number}`);
      if (definition !== undefined && definition.lines.length > 1) {
        if (text.slice(offset + all.length).trim() === '') more = definition.lines.slice(1);
        else problems.push(`${all} has several lines and must be the last thing in its line; only the first is read`);
      }
      return value;
    });
    return changed ? { text: result, more, from, problems } : undefined;
  }

  #builtIn(name: string, argument: string, isQuoted: boolean, folder: string): string | undefined {
    const { configId, environment, random, absolute } = this.#surroundings;
    switch (name) {
      case '_PWD':
        return absolute(folder);
      case '_INSTANCE':
        return configId;
      case '_ENV':
        return environment(argument) ?? '';
      case '_HASH':
        return isQuoted ? '#' : '\\#';
      case '_BANG':
        return isQuoted ? '!' : '\\!';
      case '_RANDOM': {
        const [first = 0, second = RANDOM_MAX] = argument.split(/[\s,]+/).flatMap((word) => {
          return /^[0-9]{1,9}$/.test(word) ? [Number(word)] : [];
        });
        return String(random(first, Math.max(first, second)));
      }
      default:
        return undefined;
    }
  }
}

function quotesBefore(text: string, end: number): number {
  let quotes = 0;
  for (let i = text.indexOf('"'); i >= 0 && i < end; i = text.indexOf('"', i + 1)) quotes++;
  return quotes;
}
