/**
 * Commands in a configuration: what is run and as whom. keepalived.conf(5) "notify": `COMMAND [USER [GROUP]]`, the command
 * with its arguments between quotation marks. Whether the command exists is not asked here.
 */
import type { Word } from './lexer.ts';
import { type Statement, statementWith } from './statement.ts';
import { SILENT, type ValueType, words } from './values.ts';

/** A command and who runs it. */
export interface Script {
  /** The program and its arguments, never empty. */
  readonly command: readonly string[];
  /** Absent: script_user. */
  readonly user?: string;
  /** Absent: the group of the user. */
  readonly group?: string;
}

/** A word, and where it begins. */
interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Letters after a backslash that stand for another character, as in C; `\cX` is Ctrl-X. */
const LETTERS: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const ESCAPE = /\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|c([\s\S])|([\s\S]))/y;

/**
 * The words of a line that keepalived takes apart for a command: blanks between them, quotation marks of both kinds around
 * anything in a word, and a backslash before what is meant as it stands, between quotation marks too. No shell looks at it.
 * Undefined: a quotation mark is open, or the line ends with a backslash.
 */
function pieces(line: string): Piece[] | undefined {
  const found: Piece[] = [];
  let text: string | undefined;
  let start = 0;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (quote === '' && /\s/.test(character)) {
      if (text !== undefined) found.push({ text, start, end: i });
      text = undefined;
      continue;
    }
    if (text === undefined) start = i;
    text ??= '';
    if (character === '\\') {
      ESCAPE.lastIndex = i;
      const [all, hex, octal, control, other] = ESCAPE.exec(line) ?? [];
      if (all === undefined) return undefined;
      text += meantBy(hex, octal, control, other);
      i += all.length - 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else text += character;
  }
  if (quote !== '') return undefined;
  if (text !== undefined) found.push({ text, start, end: line.length });
  return found;
}

function meantBy(hex?: string, octal?: string, control?: string, other = ''): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(-2), 16));
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
  return LETTERS[other] ?? other;
}

/** The program and its arguments; empty for an empty line and for one that does not end as it should. */
export const splitCommand = (line: string): string[] => (pieces(line) ?? []).map(({ text }) => text);

/** The statement with the words that keepalived sees in a line with a command; the same where it sees none. */
export function withCommandWords(statement: Statement): Statement {
  const { keyword, raw } = statement;
  const found = pieces(raw);
  if (found === undefined) return statement;
  const args = found.slice(1).map(({ text, start, end }): Word => {
    const written = raw.slice(start, end);
    return { ...keyword, text, quoted: written !== text, column: keyword.column + start, length: end - start };
  });
  return statementWith(statement, { args });
}

/** The command of a keyword's words; undefined for an empty one. */
export function readScript([line, user, group]: readonly Word[]): Script | undefined {
  const command = splitCommand(line?.text ?? '');
  if (command.length === 0) return undefined;
  return {
    command,
    ...(user === undefined ? {} : { user: user.text }),
    ...(group === undefined ? {} : { group: group.text.replace(/^:/, '') }),
  };
}

/** A command, then a user and a group if wanted. */
export const script = (): ValueType<Script> => ({
  ...words('a command, then a user and a group if wanted', 1, 3),
  isCommand: true,
  read: (given, complaints) => {
    const first = given[0] as Word;
    return readScript(given) ?? complaints.refuse(first, 'expected a command, got an empty word', undefined, SILENT);
  },
  show: (given) => writeScript(given).join(' '),
  writeWords: ({ command, user, group }) => {
    const [line = '', ...account] = writeScript({ command, ...(user && { user }), ...(group && { group }) });
    return [line.replace(/[\\"]/g, '\\$&'), ...account];
  },
});

/** The words of a script: the command with its arguments is one. */
function writeScript({ command, user, group }: Script): string[] {
  const line = command.map(writeWord).join(' ');
  return [line, user, group].filter((word) => word !== undefined);
}

const writeWord = (word: string): string => (/^[^\s'"\\]+$/.test(word) ? word : `'${word.replace(/[\\']/g, '\\$&')}'`);
