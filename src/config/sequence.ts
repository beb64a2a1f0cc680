/** `~SEQ`, `~SEQx` and `~LST`: a line that stands for several, one for each value. keepalived.conf(5) "SEQUENCES". */

/** The rounds of a sequence: in each, names get values and then `rest` is a line. */
export interface Sequence {
  readonly rounds: readonly (readonly (readonly [name: string, value: string])[])[];
  readonly rest: string;
}

/** More rounds than any configuration has. */
const ROUNDS_MAX = 65_536;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a line starts like a sequence. */
export const isSequence = (text: string): boolean => /^~(SEQ|LST)/.test(text);

/** Reads the sequence that a line starts with; a string says what is wrong with it. */
export function readSequence(text: string): Sequence | string {
  const [head = '', kind = ''] = /^~(SEQx?|LST)\s*\(/.exec(text) ?? [];
  if (kind === '') return `expected ~SEQ(…), ~SEQx(…) or ~LST(…), got '${/^\S+/.exec(text)?.[0]}'`;
  const close = text.indexOf(')', head.length);
  if (close < 0) return `~${kind} lacks its ')'`;
  const inside = text.slice(head.length, close);
  const rest = text.slice(close + 1).trimStart();
  if (rest === '') return `nothing follows ~${kind}(…)`;
  const rounds = kind === 'LST' ? listRounds(inside) : numberRounds(inside, kind === 'SEQx');
  return typeof rounds === 'string' ? rounds : { rounds, rest };
}

/** `name, [start, [step,]] end`. */
function numberRounds(inside: string, isHex: boolean): Sequence['rounds'] | string {
  const [name = '', ...words] = inside.split(',').map((word) => word.trim());
  if (!NAME.test(name)) return `'${name}' cannot be the name of a parameter`;
  const numbers = words.map((word) => readNumber(word));
  const bad = words[numbers.indexOf(undefined)];
  if (bad !== undefined) return `expected a number in the sequence, got '${bad}'`;
  const [a, b, c] = numbers as number[];
  if (a === undefined || numbers.length > 3) return 'a sequence has one, two or three numbers: START, STEP, END';
  const start = b === undefined ? (a < 0 ? -1 : 1) : a;
  const end = c ?? b ?? a;
  const step = c === undefined || b === undefined ? (end < start ? -1 : 1) : b;
  if (step === 0 || (end - start) * step < 0) return `no step of ${step} leads from ${start} to ${end}`;
  if (isHex && (start < 0 || end < 0)) return '~SEQx has no negative numbers';
  const count = Math.floor((end - start) / step) + 1;
  if (count > ROUNDS_MAX) return `a sequence of ${count} numbers is too long`;
  return Array.from({ length: count }, (_, i) => [[name, (start + i * step).toString(isHex ? 16 : 10)] as const]);
}

/** As strtol does without a base: 0x before hexadecimal numbers, 0 before octal ones. */
function readNumber(word: string): number | undefined {
  const [, sign, digits = ''] = /^([+-]?)(0x[0-9a-f]{1,12}|0[0-7]{0,15}|[1-9][0-9]{0,14})$/i.exec(word) ?? [];
  if (digits === '') return undefined;
  const value = Number(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  return sign === '-' ? -value : value;
}

/** `name, v1, v2…` or `{a,b}, {1,2}, {3,4}…`; missing values are empty. */
function listRounds(inside: string): Sequence['rounds'] | string {
  const [first = '', ...values] = splitOutsideBraces(inside);
  const names = inBraces(first);
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) return `'${wrong}' cannot be the name of a parameter`;
  if (values.length === 0) return 'the list has no values';
  const rows = values.map(inBraces);
  const long = rows.find((row) => row.length > names.length);
  if (long !== undefined) return `{${long.join(',')}} has more values than there are names`;
  const odd = rows.flat().find((value) => /[\s{}]/.test(value));
  if (odd !== undefined) return `'${odd}' cannot be a value of a list: no blanks, no braces`;
  return rows.map((row) => names.map((name, i) => [name, row[i] ?? ''] as const));
}

const inBraces = (word: string): string[] =>
  (word.startsWith('{') && word.endsWith('}') ? word.slice(1, -1).split(',') : [word]).map((one) => one.trim());

function splitOutsideBraces(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth++;
    else if (character === '}') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}
