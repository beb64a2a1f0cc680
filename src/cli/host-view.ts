/** What a configuration is checked against: the files, interfaces, programs and accounts of this host. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { PathKind } from '../config/glob.ts';
import type { HostView } from '../daemon/root.ts';
import type { ScriptView } from '../daemon/scripts.ts';
import { native } from '../io/native.ts';

/** @param configId what `@id` lines ask for; undefined: the first label of the name of this host */
export const hostView = (configId = hostname().split('.')[0] ?? ''): HostView => ({
  configId,
  list: namesIn,
  kindOf,
  environment: (name) => process.env[name],
  random: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
  absolute: (folder) => resolve(folder),
  interfaceExists,
  scripts: scriptView,
});

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function kindOf(path: string): PathKind | undefined {
  const stats = statOf(path);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return 'directory';
  return !stats.isFile() ? 'other' : (stats.mode & 0o111) === 0 ? 'file' : 'executable';
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder on the way that may not be entered, or is none
  }
}

/** Whether this host has an interface; true where the addon, which could tell, is not there. */
function interfaceExists(name: string): boolean {
  try {
    native().interfaceIndex(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENODEV';
  }
}

const scriptView: ScriptView = {
  program(path) {
    const found = path.includes('/') ? path : inPath(path);
    const stats = found === undefined ? undefined : statOf(found);
    if (found === undefined || stats === undefined) return undefined;
    return { isPlain: stats.isFile(), changeableByOthers: changeableByOthers(realpathSync(found)) };
  },
  hasUser: (name) => isListed('passwd', name),
  hasGroup: (name) => isListed('group', name),
};

/** Where PATH finds a program that can be executed. */
function inPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '/usr/local/bin:/bin:/usr/bin').split(':');
  return folders.map((folder) => join(folder, name)).find((path) => kindOf(path) === 'executable');
}

/** Whether anybody but root can change the file, or put another into its place. */
function changeableByOthers(path: string): boolean {
  for (let part = path; ; part = dirname(part)) {
    const stats = statOf(part);
    if (stats === undefined) return true;
    const isShared = (stats.mode & 0o022) !== 0 && !(stats.isDirectory() && (stats.mode & 0o1000) !== 0);
    if (stats.uid !== 0 || isShared) return true;
    if (dirname(part) === part) return false;
  }
}

/** Whether there is an account or group of that name; other sources than the files of /etc are asked with getent. */
function isListed(database: 'passwd' | 'group', name: string): boolean {
  try {
    if (
      readFileSync(`/etc/${database}`, 'utf8')
        .split('\n')
        .some((line) => line.startsWith(`${name}:`))
    )
      return true;
  } catch {
    // asked below
  }
  return spawnSync('getent', ['--', database, name], { stdio: 'ignore' }).status === 0;
}
