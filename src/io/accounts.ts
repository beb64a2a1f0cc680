/**
 * Accounts of this host: the numbers behind the names of users and groups. Read from /etc/passwd and /etc/group; what
 * is not there (LDAP and the like) is asked with getent(1), which waits at most `ASK_TIME_MS`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Who a program runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A name service that does not answer keeps nobody longer than this. */
const ASK_TIME_MS = 2_000;

/** The columns of passwd(5) and group(5), from 0. */
const ID_COLUMN = 2;
const GROUP_COLUMN = 3;

/** Gives the content of a database, or of its one line for a name; undefined: not there. */
export interface AccountFiles {
  read(database: 'passwd' | 'group'): string;
  ask(database: 'passwd' | 'group', name: string): string;
}

const hostFiles: AccountFiles = {
  read(database) {
    try {
      return readFileSync(`/etc/${database}`, 'utf8');
    } catch {
      return '';
    }
  },
  ask: (database, name) =>
    spawnSync('getent', ['--', database, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: ASK_TIME_MS,
    }).stdout ?? '',
};

/** The user of that name, with its own group. Undefined: there is none; numbers are no names. */
export function findUser(name: string, files: AccountFiles = hostFiles): Account | undefined {
  const columns = lineOf('passwd', name, files);
  const uid = idIn(columns, ID_COLUMN);
  const gid = idIn(columns, GROUP_COLUMN);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** The number of the group of that name. Undefined: there is none; numbers are no names. */
export const findGroup = (name: string, files: AccountFiles = hostFiles): number | undefined =>
  idIn(lineOf('group', name, files), ID_COLUMN);

function lineOf(database: 'passwd' | 'group', name: string, files: AccountFiles): readonly string[] | undefined {
  if (!/^[^\s:,]+$/.test(name) || /^[0-9]+$/.test(name)) return undefined;
  const isIt = (columns: readonly string[]) => columns[0] === name;
  const columnsOf = (content: string) => content.split('\n').map((line) => line.split(':'));
  return columnsOf(files.read(database)).find(isIt) ?? columnsOf(files.ask(database, name)).find(isIt);
}

function idIn(columns: readonly string[] | undefined, column: number): number | undefined {
  const text = columns?.[column] ?? '';
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
