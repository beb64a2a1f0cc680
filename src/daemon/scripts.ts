/**
 * The commands that a configuration names: whether they are there, who would run them, and whether others could have
 * changed them. keepalived.conf(5) "enable_script_security", "script_user". The file system is asked through an interface.
 */
import type { Details, Place, Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import type { Statement } from '../config/tree.ts';

/** What the host knows of programs and accounts. */
export interface ScriptView {
  /** Undefined: not there, or not to be reached. A name without '/' is looked for in PATH. */
  program(path: string): { readonly isPlain: boolean; readonly changeableByOthers: boolean } | undefined;
  hasUser(name: string): boolean;
  hasGroup(name: string): boolean;
}

/** What a command belongs to: keepalived looks at those of VRRP, of the checkers, and of its start and end apart. */
export type ScriptPart = 'vrrp' | 'checks' | 'start';

/** The account of scripts without script_user, where it exists. */
const DEFAULT_USER = 'keepalived_script';

/** The first word of a command line, as a shell would split it. */
export function programOf(command: string): string {
  const [, single, double, plain] = /^\s*(?:'([^']*)'|"([^"]*)"|(\S+))/.exec(command) ?? [];
  return single ?? double ?? plain ?? '';
}

/** Checks the scripts of one configuration. */
export class Scripts {
  readonly #view: ScriptView | undefined;
  readonly #report: Report;
  readonly #isSecure: boolean;
  /** Parts that keepalived does not come to look at. */
  readonly #skips: ReadonlySet<ScriptPart>;
  /** Why scripts without a user of their own cannot run. */
  readonly #noDefaultUser: boolean;
  readonly #unusable = new Set<string>();
  readonly #first = new Map<ScriptPart, Place>();

  constructor(
    view: ScriptView | undefined,
    report: Report,
    options: { isSecure: boolean; user: Statement | undefined; skips: ReadonlySet<ScriptPart> },
  ) {
    this.#view = view;
    this.#report = report;
    this.#isSecure = options.isSecure;
    this.#skips = options.skips;
    const { user } = options;
    if (view === undefined) this.#noDefaultUser = false;
    else if (user === undefined) this.#noDefaultUser = options.isSecure && !view.hasUser(DEFAULT_USER);
    else this.#noDefaultUser = !this.#accountIn(user, 'scripts without a user of their own are left out');
  }

  /** Names of vrrp_scripts that are left out before anything can track them. */
  get unusable(): ReadonlySet<string> {
    return this.#unusable;
  }

  /** A vrrp_script; keepalived complains when it is not there. */
  tracked(name: string, script: Statement, user: Statement | undefined): void {
    const isUsable =
      user === undefined ? this.#hasDefaultUser(script.keyword) : this.#accountIn(user, `${name} is left out`);
    if (!isUsable) this.#unusable.add(name);
    else this.#program(script, ['vrrp'], true);
  }

  /** A command of the agent itself; keepalived complains about an account that is not there. */
  own(script: Statement | undefined): void {
    this.run(script, ['start'], {});
  }

  /** A command that is run when something happens; keepalived says nothing when it or its account is not there. */
  run(script: Statement | undefined, part: readonly ScriptPart[], verdict: Details = { exitCode: 0 }): void {
    if (script === undefined) return;
    const [line, user, group] = script.args;
    if (line === undefined || line.text.trim() === '' || line.open) return;
    if (user === undefined && !this.#hasDefaultUser(script.keyword)) return;
    if (user !== undefined && !this.#hasAccount(user, group, 'the command is not run', verdict)) return;
    this.#program(script, part, false);
  }

  /** A command of a checker, which may have a user of its own. */
  checker(script: Statement | undefined, user: Statement | undefined): void {
    if (script === undefined) return;
    const isUsable =
      user === undefined ? this.#hasDefaultUser(script.keyword) : this.#accountIn(user, 'the check is left out');
    if (isUsable) this.#program(script, ['checks'], false);
  }

  /** One message when there are scripts and nothing keeps others from changing them. */
  finish(): void {
    if (this.#isSecure) return;
    for (const [part, place] of this.#first) {
      const what = part === 'checks' ? 'scripts of checkers and services' : 'scripts';
      this.#report.warning(place, `${what} are run without enable_script_security`, {
        suggestion: 'add enable_script_security and script_user to global_defs',
        exitCode: this.#skips.has(part) ? 0 : 6,
      });
    }
  }

  #verdict(part: readonly ScriptPart[]): Pick<Details, 'exitCode'> {
    return part.every((one) => this.#skips.has(one)) ? { exitCode: 0 } : {};
  }

  #program(script: Statement, part: readonly ScriptPart[], isTracked: boolean): void {
    const view = this.#view;
    const [first] = script.args;
    if (view === undefined || first === undefined) return;
    const path = programOf(first.text);
    if (path.startsWith('<')) return; // reading a file, without running anything
    const program = view.program(path);
    const details: Details = { keyword: script.keyword.text };
    if (program === undefined) {
      const silent = isTracked ? this.#verdict(part) : { exitCode: 0 as const };
      const consequence = isTracked ? 'the script is disabled' : 'the command is not run';
      this.#report.warning(first, `${path} is not there or cannot be reached; ${consequence}`, {
        ...details,
        ...silent,
      });
      return;
    }
    if (!program.isPlain) {
      // keepalived says so of tracked scripts only
      const verdict = this.#isSecure && !isTracked ? { exitCode: 0 as const } : this.#verdict(part);
      this.#report.warning(first, `${path} is not a plain file; it is not run`, { ...details, ...verdict });
    } else if (program.changeableByOthers && this.#isSecure) {
      this.#report.warning(first, `others than root could have changed ${path}; it is not run`, {
        ...details,
        ...(isTracked ? this.#verdict(part) : { exitCode: 0 }),
      });
      return;
    }
    if (!path.includes('/')) {
      this.#report.note(first, `${path} is found in PATH, which may be another one where the agent runs`, {
        suggestion: 'write its full path',
      });
    }
    for (const one of part) if (!this.#first.has(one)) this.#first.set(one, first);
  }

  #hasDefaultUser(at: Word): boolean {
    if (!this.#noDefaultUser) return true;
    this.#report.error(at, `there is no account to run scripts as (script_user, or ${DEFAULT_USER}); it is left out`);
    return false;
  }

  /** Of a statement that names an account. */
  #accountIn({ args: [user, group] }: Statement, consequence: string): boolean {
    return user === undefined || this.#hasAccount(user, group, consequence);
  }

  #hasAccount(user: Word, group: Word | undefined, consequence: string, details: Details = {}): boolean {
    const view = this.#view;
    if (view === undefined) return true;
    if (!view.hasUser(user.text)) {
      this.#report.error(user, `there is no account ${user.text}; ${consequence}`, details);
      return false;
    }
    if (group === undefined || view.hasGroup(group.text)) return true;
    if (group.text.startsWith(':') && view.hasGroup(group.text.slice(1))) {
      this.#report.warning(group, `'${group.text}': keepalived 2.2.7 takes the colon for a part of the name`, {
        suggestion: 'write the group without it',
        ...details,
      });
      return false;
    }
    this.#report.error(group, `there is no group ${group.text.replace(/^:/, '')}; ${consequence}`, details);
    return false;
  }
}
