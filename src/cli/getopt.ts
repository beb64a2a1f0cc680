/**
 * The option syntax of getopt_long(3), which keepalived's command line follows: bundled short options, values attached
 * or in the next word, optional values attached only (`-tFILE`, `--config-test=FILE`), abbreviated long options.
 */

export interface OptionSpec {
  /** One character, or undefined for a long option only. */
  readonly short?: string;
  readonly long: string;
  readonly value: 'none' | 'required' | 'optional';
  /** The name of the value in the help text. */
  readonly valueName?: string;
  readonly help: string;
}

export interface ParsedOption {
  /** The long name. */
  readonly name: string;
  readonly value: string | undefined;
}

export interface ParsedCommandLine {
  readonly options: readonly ParsedOption[];
  readonly operands: readonly string[];
  /** One sentence per unknown option or missing value; all of them, in order. */
  readonly problems: readonly string[];
}

/** Reads the words of a command line; never throws. */
export function parseOptions(words: readonly string[], specs: readonly OptionSpec[]): ParsedCommandLine {
  const options: ParsedOption[] = [];
  const operands: string[] = [];
  const problems: string[] = [];
  const queue = [...words];

  const accept = (spec: OptionSpec, attached: string | undefined, shown: string) => {
    if (spec.value === 'none') {
      if (attached !== undefined) problems.push(`option '${shown}' takes no value`);
      else options.push({ name: spec.long, value: undefined });
    } else if (attached !== undefined || spec.value === 'optional') {
      options.push({ name: spec.long, value: attached });
    } else if (queue.length > 0) {
      options.push({ name: spec.long, value: queue.shift() });
    } else problems.push(`option '${shown}' needs a value`);
  };

  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      operands.push(...queue.splice(0));
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const found = findLong(name, specs);
      if (typeof found === 'string') problems.push(found);
      else accept(found, equals < 0 ? undefined : word.slice(equals + 1), `--${found.long}`);
    } else if (word.startsWith('-') && word.length > 1) {
      for (let rest = word.slice(1); rest !== ''; ) {
        const letter = rest.slice(0, 1);
        rest = rest.slice(1);
        const spec = specs.find((candidate) => candidate.short === letter);
        if (!spec) problems.push(`unknown option '-${letter}'`);
        else if (spec.value === 'none') accept(spec, undefined, `-${letter}`);
        else {
          accept(spec, rest === '' ? undefined : rest, `-${letter}`);
          rest = '';
        }
      }
    } else operands.push(word);
  }
  return { options, operands, problems };
}

function findLong(name: string, specs: readonly OptionSpec[]): OptionSpec | string {
  const exact = specs.find((spec) => spec.long === name);
  if (exact) return exact;
  const candidates = specs.filter((spec) => spec.long.startsWith(name));
  const [only] = candidates;
  if (only && candidates.length === 1) return only;
  if (only) return `option '--${name}' is ambiguous: ${candidates.map((spec) => `--${spec.long}`).join(', ')}`;
  return `unknown option '--${name}'`;
}

/** The options as aligned lines for `--help`. */
export function describeOptions(specs: readonly OptionSpec[]): string {
  const rows = specs.map((spec) => {
    const long = `--${spec.long}${valueSuffix(spec)}`;
    return { flags: spec.short ? `  -${spec.short}, ${long}` : `      ${long}`, help: spec.help };
  });
  const width = Math.max(...rows.map((row) => row.flags.length));
  return rows.map((row) => `${row.flags.padEnd(width)}  ${row.help}`).join('\n');
}

function valueSuffix({ value, valueName = 'VALUE' }: OptionSpec): string {
  if (value === 'none') return '';
  return value === 'optional' ? `[=${valueName}]` : `=${valueName}`;
}
