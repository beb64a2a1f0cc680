/** Programs on this host: where a name is found, and whether others than root could have changed what would be run. */
import { realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file that a command names. */
export interface Program {
  /** Absolute or as given, with '/'. */
  readonly path: string;
  /** A plain file, rather than a directory or a device. */
  readonly isPlain: boolean;
  /** Anybody but root can write it, or put another into its place. */
  readonly changeableByOthers: boolean;
}

/** Where programs are looked for when there is no $PATH. */
const DEFAULT_PATH = '/usr/local/bin:/bin:/usr/bin';

/** Undefined: not there, or not to be reached. A name without '/' is looked for in PATH. */
export function findProgram(name: string): Program | undefined {
  const path = name.includes('/') ? name : inPath(name);
  const stats = path === undefined ? undefined : statOf(path);
  if (path === undefined || stats === undefined) return undefined;
  return { path, isPlain: stats.isFile(), changeableByOthers: changeableByOthers(realpathSync(path)) };
}

/** Where PATH finds a program that can be executed. */
function inPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? DEFAULT_PATH).split(':');
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      const stats = statOf(path);
      return stats?.isFile() && (stats.mode & 0o111) !== 0;
    });
}

function changeableByOthers(path: string): boolean {
  for (let part = path; ; part = dirname(part)) {
    const stats = statOf(part);
    if (stats === undefined) return true;
    const isShared = (stats.mode & 0o022) !== 0 && !(stats.isDirectory() && (stats.mode & 0o1000) !== 0);
    if (stats.uid !== 0 || isShared) return true;
    if (dirname(part) === part) return false;
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder on the way that may not be entered, or is none
  }
}
