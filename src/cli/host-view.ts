/** What a configuration is checked against: the files, interfaces, programs and accounts of this host. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { PathKind } from '../config/glob.ts';
import type { HostView } from '../daemon/root.ts';
import type { ScriptView } from '../daemon/scripts.ts';
import { findGroup, findUser } from '../io/accounts.ts';
import { type HostLink, interfaceExists, lookUpLink } from '../io/link-lookup.ts';
import { mayResolve } from '../io/name-lookup.ts';
import { findProgram } from '../io/programs.ts';
import { namesOfFiles } from '../vrrp/number-names.ts';

/** Where `ip netns` keeps its names. */
const NAMESPACES = '/run/netns';

/** @param configId what `@id` lines ask for; undefined: the first label of the name of this host */
export const hostView = (configId = hostname().split('.')[0] ?? ''): HostView => ({
  configId,
  list: namesIn,
  kindOf,
  environment: (name) => process.env[name],
  random: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
  absolute: (folder) => resolve(folder),
  interfaceExists,
  facts: {
    processors: cpus().length,
    mayResolve,
    whatIs: kindOf,
    hasNamespace: (name) => statOf(join(NAMESPACES, name)) !== undefined,
  },
  link: linkOf,
  scripts: scriptView,
  numberOf: namesOfFiles(textOf),
});

/** The text of a small file; undefined when it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

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

/** An interface of this host; undefined where the kernel cannot be asked. */
function linkOf(name: string): HostLink | undefined {
  try {
    return lookUpLink(name);
  } catch {
    return undefined;
  }
}

const scriptView: ScriptView = {
  program: findProgram,
  hasUser: (name) => findUser(name) !== undefined,
  hasGroup: (name) => findGroup(name) !== undefined,
};
