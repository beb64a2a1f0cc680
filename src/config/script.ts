/**
 * Commands in a configuration: what is run and as whom. keepalived.conf(5) "notify": `COMMAND [USER [GROUP]]`, the command
 * with its arguments between quotation marks. Whether the command exists is not asked here.
 */
import type { Word } from './lexer.ts';
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

/**
 * The arguments of a command line: blanks between them, quotation marks of both kinds around what has blanks, a
 * backslash before what is meant as it stands. No shell looks at it.
 */
export function splitCommand(line: string): string[] {
  const found: string[] = [];
  let current: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (quote !== '' && character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      current ??= '';
    } else if (character === '\\' && quote !== "'" && i + 1 < line.length) current = (current ?? '') + line[++i];
    else if (quote === '' && /\s/.test(character)) {
      if (current !== undefined) found.push(current);
      current = undefined;
    } else current = (current ?? '') + character;
  }
  if (current !== undefined) found.push(current);
  return found;
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
  read: (given, complaints) => {
    const first = given[0] as Word;
    return readScript(given) ?? complaints.refuse(first, 'expected a command, got an empty word', undefined, SILENT);
  },
  show: (given) => writeScript(given).join(' '),
  writeWords: writeScript,
});

/** The words of a script: the command with its arguments is one. */
function writeScript({ command, user, group }: Script): string[] {
  const line = command.map((word) => (/^[^\s'"\\]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)).join(' ');
  return [line, user, group].filter((word) => word !== undefined);
}
