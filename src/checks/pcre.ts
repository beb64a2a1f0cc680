/**
 * Regular expressions as PCRE2 reads them, for JavaScript: what HTTP_GET looks for in an answer. pcre2pattern(3).
 *
 * What JavaScript has no counterpart for is refused with its name: recursion, conditions, callouts, verbs, \G and \C. \K and
 * what only makes PCRE2 faster have no bearing on whether something is found, and are passed over.
 */
import { fault, ok, type Result } from '../base/result.ts';
import { bothCases, Cursor, characterClass, commonEscape, literal, PatternError } from './pcre-characters.ts';

/** Options that apply from here to the end of the group. */
interface Options {
  readonly caseless: boolean;
  readonly multiline: boolean;
  readonly dotall: boolean;
  readonly extended: boolean;
  readonly ungreedy: boolean;
  readonly noAutoCapture: boolean;
}

/** Letters of (?imsxUn). */
const LETTERS: Readonly<Record<string, keyof Options>> = {
  i: 'caseless',
  m: 'multiline',
  s: 'dotall',
  x: 'extended',
  U: 'ungreedy',
  n: 'noAutoCapture',
};

const ANY = '[\\s\\S]';
const END = `(?!${ANY})`;
/** Where nothing stands before, and after. */
const START = `(?<!${ANY})`;

/**
 * The expression as one of JavaScript, sticky to nothing and global, so that it can begin at an offset. Characters are bytes,
 * one each, unless the options have `utf`.
 * @param words of keepalived.conf(5) "regex_options"; unknown ones have no effect, as there
 */
export function translatePattern(expression: string, words: readonly string[] = []): Result<RegExp> {
  try {
    const isUtf = words.includes('utf') || expression.startsWith('(*UTF');
    const source = new Translator(expression.replace(/^(?:\(\*(?:UTF8?|UCP|NO_[A-Z_]+)\))+/, ''), words).translate();
    return ok(new RegExp(source, isUtf ? 'gu' : 'g'));
  } catch (error) {
    return fault((error as Error).message);
  }
}

class Translator {
  readonly #cursor: Cursor;
  readonly #dollarEndOnly: boolean;
  readonly #initial: Options;
  readonly #names = new Map<string, number>();
  readonly #groupCount: number;
  #groups = 0;
  #atoms = 0;

  constructor(expression: string, words: readonly string[]) {
    this.#cursor = new Cursor(expression);
    this.#dollarEndOnly = words.includes('dollar_endonly');
    this.#initial = {
      caseless: words.includes('caseless'),
      multiline: words.includes('multiline'),
      dotall: words.includes('dotall'),
      extended: words.includes('extended'),
      ungreedy: words.includes('ungreedy'),
      noAutoCapture: words.includes('no_auto_capture'),
    };
    // more than there are, where a parenthesis stands in a class; only told from octal numbers by it
    this.#groupCount = (expression.match(/\((?!\?)|\(\?(?:P?<(?![=!])|')/g) ?? []).length;
  }

  translate(): string {
    const source = this.#alternatives(this.#initial);
    if (!this.#cursor.isAtEnd) throw new PatternError('a ) without its (');
    return source;
  }

  /** Up to the end or to a closing parenthesis, which stays. */
  #alternatives(given: Options): string {
    const cursor = this.#cursor;
    let options = given;
    let source = '';
    while (!cursor.isAtEnd && cursor.text[cursor.at] !== ')') {
      if (cursor.take(/\(\?#[^)]*\)|\\E/y)) continue;
      if (options.extended && cursor.take(/\s+|#[^\n]*(?:\n|$)/y)) continue;
      const flags = cursor.take(/\(\?(\^?)([imsxUnJ]*)(?:-([imsxUnJ]+))?\)/y);
      if (flags) {
        options = changed(flags[1] === '^' ? { ...this.#initial, ...NONE } : options, flags[2] ?? '', flags[3] ?? '');
        continue;
      }
      if (cursor.take(/\|/y)) source += '|';
      else source += this.#quantified(options);
    }
    return source;
  }

  #quantified(options: Options): string {
    const cursor = this.#cursor;
    const quoted = cursor.take(/\\Q([\s\S]*?)(?:\\E|$)/y);
    if (quoted) {
      const characters = [...(quoted[1] ?? '')].map((one) => this.#literal(one.codePointAt(0) as number, options));
      return characters.slice(0, -1).join('') + this.#quantify(characters.at(-1) ?? '', options);
    }
    return this.#quantify(this.#atom(options), options);
  }

  #quantify(atom: string, options: Options): string {
    if (options.extended) this.#cursor.take(/(?:\s+|#[^\n]*(?:\n|$))*/y);
    const found = this.#cursor.take(/(\*|\+|\?|\{\d+(?:,\d*)?\})([?+]?)/y);
    if (found === undefined) return atom;
    const [, count = '', suffix] = found;
    if (suffix === '+') return this.#atomic(`(?:${atom})${count}`);
    const isLazy = (suffix === '?') !== options.ungreedy;
    return `${atom}${count}${isLazy ? '?' : ''}`;
  }

  /** Once matched, never tried another way: a look ahead that is repeated by reference. */
  #atomic(content: string): string {
    const name = `a${++this.#atoms}`;
    return `(?:(?=(?<${name}>${content}))\\k<${name}>)`;
  }

  #atom(options: Options): string {
    const cursor = this.#cursor;
    if (cursor.take(/\(/y)) return this.#group(options);
    if (cursor.take(/\[/y)) return characterClass(cursor, options.caseless);
    if (cursor.take(/\\/y)) return this.#escape(options);
    if (cursor.take(/\./y)) return options.dotall ? ANY : '[^\\n]';
    if (cursor.take(/\^/y)) return options.multiline ? '(?:(?<![^\\n]))' : `(?:${START})`;
    if (cursor.take(/\$/y)) {
      if (options.multiline) return `(?:(?=\\n)|${END})`;
      return this.#dollarEndOnly ? `(?:${END})` : `(?:(?=\\n?${END}))`;
    }
    if (cursor.take(/[*+?]/y)) throw new PatternError('a quantifier with nothing before it');
    return this.#literal(cursor.next(), options);
  }

  #literal(code: number, { caseless }: Options): string {
    const both = caseless ? bothCases(code) : literal(code);
    return caseless && both !== literal(code) ? `[${both}]` : both;
  }

  /** Behind the opening parenthesis. */
  #group(options: Options): string {
    const cursor = this.#cursor;
    const verb = cursor.take(/\*[A-Z_a-z]*/y);
    if (verb) throw new PatternError(`(${verb[0]}) is not known here`);
    const name = cursor.take(/\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/y);
    if (name) return this.#capture(options, name[1] ?? name[2]);
    const look = cursor.take(/\?(?:[=!]|<[=!])/y);
    if (look) return `(?:(${look[0]}${this.#inner(options)}))`;
    if (cursor.take(/\?>/y)) return this.#atomic(this.#inner(options));
    const back = cursor.take(/\?P=(\w+)\)/y);
    if (back) return this.#named(back[1] ?? '');
    const flags = cursor.take(/\?(\^?)([imsxUnJ]*)(?:-([imsxUnJ]+))?:/y);
    if (flags) {
      const base = flags[1] === '^' ? { ...options, ...NONE } : options;
      return `(?:${this.#inner(changed(base, flags[2] ?? '', flags[3] ?? ''))})`;
    }
    if (cursor.take(/\?/y)) throw new PatternError(`(?${cursor.text[cursor.at] ?? ''} is not known here`);
    return options.noAutoCapture ? `(?:${this.#inner(options)})` : this.#capture(options);
  }

  #capture(options: Options, name?: string): string {
    const number = ++this.#groups;
    if (name !== undefined) {
      if (this.#names.has(name)) throw new PatternError(`two groups are named ${name}`);
      this.#names.set(name, number);
    }
    return `(?<g${number}>${this.#inner(options)})`;
  }

  /** The content of a group and its closing parenthesis. */
  #inner(options: Options): string {
    const source = this.#alternatives(options);
    if (this.#cursor.take(/\)/y) === undefined) throw new PatternError('a ( without its )');
    return source;
  }

  /** Behind a backslash. */
  #escape(options: Options): string {
    const cursor = this.#cursor;
    const group = cursor.take(/g\{?(-?\d+)\}?|g\{([A-Za-z_]\w*)\}|k(?:<(\w+)>|'(\w+)'|\{(\w+)\})/y);
    if (group) {
      const [, number, ...names] = group;
      if (number === undefined) return this.#named(names.find((one) => one !== undefined) ?? '');
      return this.#numbered(Number(number) < 0 ? this.#groups + 1 + Number(number) : Number(number), options);
    }
    const digits = cursor.take(/[1-9]\d*/y);
    if (digits) {
      const number = Number(digits[0]);
      if (number < 10 || number <= this.#groupCount) return this.#numbered(number, options);
      cursor.at -= digits[0].length;
      const octal = cursor.take(/[0-7]{1,3}/y);
      if (octal) return this.#literal(Number.parseInt(octal[0], 8), options);
      throw new PatternError(`there is no group ${number}`);
    }
    const simple = cursor.take(/[ABbKNRZz]/y);
    if (simple) return SIMPLE[simple[0]] ?? '';
    const found = commonEscape(cursor);
    if (found === undefined) throw new PatternError(`\\${cursor.text[cursor.at]} is not known here`);
    return 'code' in found ? this.#literal(found.code, options) : `[${found.members}]`;
  }

  #named(name: string): string {
    const number = this.#names.get(name);
    if (number === undefined) throw new PatternError(`there is no group ${name}`);
    return `\\k<g${number}>`;
  }

  #numbered(number: number, { caseless }: Options): string {
    if (number < 1 || number > this.#groupCount) throw new PatternError(`there is no group ${number}`);
    if (caseless) throw new PatternError('a reference to a group where case does not count is not known here');
    return `\\k<g${number}>`;
  }
}

/** \A, \b and so on. */
const SIMPLE: Readonly<Record<string, string>> = {
  A: `(?:${START})`,
  B: '\\B',
  b: '\\b',
  K: '(?:)',
  N: '[^\\n]',
  R: '(?:\\r\\n|[\\n-\\r\\x85])',
  Z: `(?:(?=\\n?${END}))`,
  z: `(?:${END})`,
};

/** (?^) */
const NONE = { caseless: false, multiline: false, dotall: false, extended: false, noAutoCapture: false };

function changed(options: Options, on: string, off: string): Options {
  const all = { ...options };
  for (const [letters, value] of [
    [on, true],
    [off, false],
  ] as const) {
    for (const letter of letters) {
      const key = LETTERS[letter];
      if (key !== undefined) Object.assign(all, { [key]: value });
    }
  }
  return all;
}
