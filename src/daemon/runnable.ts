/**
 * From a script of the configuration to a command that can be run: which file, as which user, and whether it is safe.
 * keepalived.conf(5) "script_user", "enable_script_security".
 */
import { fault, ok, type Result } from '../base/result.ts';
import type { Script } from '../config/script.ts';
import { type Account, findGroup, findUser } from '../io/accounts.ts';
import { findProgram, type Program } from '../io/programs.ts';
import type { Command } from '../io/run-command.ts';
import type { GlobalDefinitions } from './global-keywords.ts';

/** The account of scripts without script_user, where it exists. */
export const DEFAULT_SCRIPT_USER = 'keepalived_script';

/** keepalived.conf(5) "umask": what scripts and we make is for nobody else. */
export const DEFAULT_UMASK = 0o177;

const ROOT = 0;

/** What global_defs says about scripts. */
export interface ScriptDefaults {
  /** Absent: keepalived_script where there is such an account, else who runs the agent. */
  readonly user?: string;
  readonly group?: string;
  readonly isSecure: boolean;
  readonly umask: number;
}

/** @param user the words of script_user */
export function scriptDefaults(global: GlobalDefinitions): ScriptDefaults {
  const [user, group] = global.scriptUser ?? [];
  return {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group: group.replace(/^:/, '') }),
    isSecure: global.enableScriptSecurity,
    umask: global.umask ?? DEFAULT_UMASK,
  };
}

/** What is asked of the host. */
export interface ScriptHost {
  findUser(name: string): Account | undefined;
  findGroup(name: string): number | undefined;
  findProgram(name: string): Program | undefined;
  /** Who runs the agent. */
  readonly self: Account;
}

/** This host. Accounts are looked up once each: a name service may take its time. */
export function scriptHost(self: Account): ScriptHost {
  const users = new Map<string, Account | undefined>();
  const groups = new Map<string, number | undefined>();
  return {
    findUser: (name) => remembered(users, name, findUser),
    findGroup: (name) => remembered(groups, name, findGroup),
    findProgram,
    self,
  };
}

function remembered<Value>(known: Map<string, Value>, name: string, find: (name: string) => Value): Value {
  if (!known.has(name)) known.set(name, find(name));
  return known.get(name) as Value;
}

/** The command of a script; a sentence where it must not or cannot be run. */
export function resolveScript(script: Script, defaults: ScriptDefaults, host: ScriptHost): Result<Command> {
  const account = resolveAccount(script.user === undefined ? defaults : script, defaults.isSecure, host);
  if (!account.ok) return account;
  const [first = '', ...rest] = script.command;
  const { uid, gid } = account.value;
  const { umask } = defaults;
  const read = fileToRead(script.command);
  // the shell opens it for reading and runs nothing
  if (read !== undefined) return ok({ program: '/bin/sh', args: ['-c', '< "$1"', 'sh', read], uid, gid, umask });
  const program = host.findProgram(first);
  if (program === undefined) return fault(`${first} is not there or cannot be reached`);
  if (!program.isPlain) return fault(`${first} is not a plain file`);
  if (defaults.isSecure && uid === ROOT && program.changeableByOthers) {
    return fault(`others than root could have changed ${first}, and it would run as root`);
  }
  return ok({ program: program.path, args: rest, uid, gid, umask });
}

/** Who runs a script that names this user and group. */
export function resolveAccount(
  { user, group }: { readonly user?: string; readonly group?: string },
  isSecure: boolean,
  host: ScriptHost,
): Result<Account> {
  if (user === undefined) {
    const standard = host.findUser(DEFAULT_SCRIPT_USER);
    if (standard !== undefined) return ok(standard);
    return isSecure
      ? fault(`there is no account to run it as: neither script_user nor ${DEFAULT_SCRIPT_USER}`)
      : ok(host.self);
  }
  const found = host.findUser(user);
  if (found === undefined) return fault(`there is no account ${user}`);
  if (group === undefined) return ok(found);
  const gid = host.findGroup(group);
  return gid === undefined ? fault(`there is no group ${group}`) : ok({ uid: found.uid, gid });
}

/** keepalived's built-in test of a file: `</path` succeeds when it can be read. */
const fileToRead = ([first]: readonly string[]): string | undefined =>
  first !== undefined && first.length > 1 && first.startsWith('<') ? first.slice(1) : undefined;

/** The script as keepalived's dumps show it: every word between apostrophes. */
export function scriptText({ command }: Script): string {
  const [first] = command;
  return first?.startsWith('<') ? command.join(' ') : command.map((word) => `'${word}'`).join(' ');
}
