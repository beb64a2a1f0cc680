/** What a dump asks of this host: accounts and programs. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Script } from '../config/script.ts';
import { interfaceExists } from '../io/link-lookup.ts';
import { findProgram } from '../io/programs.ts';
import type { DumpHost } from './data-text.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import { resolveAccount, resolveScript, scriptDefaults, scriptHost, scriptText } from './runnable.ts';

/** @param global whose script_user counts */
export function dumpHost(global: GlobalDefinitions): DumpHost {
  const defaults = scriptDefaults(global);
  const host = scriptHost(ownAccount());
  return {
    accountOf: ({ user, group }) => {
      const own = user === undefined ? defaults : { user, ...(group === undefined ? {} : { group }) };
      const account = resolveAccount(own, defaults.isSecure, host);
      return account.ok ? account.value : undefined;
    },
    commandText: resolvedText,
    hasInterface: interfaceExists,
    pathText,
    addressOf: (name) => lookedUp(name)[0] || undefined,
    ownName: () => lookedUp(hostname())[2],
    userName: () => userInfo().username,
  };
}

/** Whether keepalived would run a command on this host. @param global whose script_user and security count */
export function isRunnable(global: GlobalDefinitions): (script: Script) => boolean {
  const defaults = scriptDefaults(global);
  const host = scriptHost(ownAccount());
  return (script) => {
    const command = resolveScript(script, defaults, host);
    return command.ok && isExecutable(command.value.program);
  };
}

const ownAccount = () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the folder that a file is to be in is there. */
export const hasFolder = (path: string): boolean => existsSync(dirname(path));

function pathText(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/** A name service that does not answer keeps nobody longer than this. */
const ASK_TIME_MS = 2_000;

/** What the name service has for a name: address, kind of socket and, in the first line, its full name. */
function lookedUp(name: string): readonly string[] {
  const found = spawnSync('getent', ['--', 'ahosts', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: ASK_TIME_MS,
  });
  return (found.stdout ?? '').split('\n')[0]?.split(/\s+/) ?? [];
}

/** A script with the file that its program is in the end. */
export function resolvedText(script: Script): string {
  const [first = '', ...rest] = script.command;
  const path = first.startsWith('<') ? undefined : findProgram(first)?.path;
  return scriptText({ ...script, command: [path === undefined ? first : resolvedPath(path), ...rest] });
}

/** The file behind the links, by its own name where the folder that it is in has that name for it too: `/bin/sh` is `/usr/bin/sh`. */
function resolvedPath(path: string): string {
  const target = realpathSync(path);
  const byOwnName = join(dirname(target), basename(path));
  return existsSync(byOwnName) && realpathSync(byOwnName) === target ? byOwnName : target;
}
