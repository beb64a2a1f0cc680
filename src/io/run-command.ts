/**
 * One command, run as a process group of its own: as another user if wanted, with nothing of ours open, never waited for.
 * How long it may take and what its ending means is for others: daemon/script-runner.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Account } from './accounts.ts';

/** What is run. No shell looks at it; a text without '#!' is read by /bin/sh, as execvp(3) does. */
export interface Command extends Account {
  /** Absolute, or with '/'. */
  readonly program: string;
  readonly args: readonly string[];
  /** Permissions that files which it makes do not get. */
  readonly umask: number;
}

/** How a command ended. */
export type Ending =
  | { readonly how: 'exited'; readonly status: number }
  | { readonly how: 'killed'; readonly signal: string }
  /** There was no process: the file is not there, or may not be executed. */
  | { readonly how: 'not-started'; readonly reason: string };

/** A command that runs. */
export interface RunningCommand {
  readonly pid: number | undefined;
  /** Settles when the process itself has ended; what it left in its group may go on. Never rejects. */
  readonly ended: Promise<Ending>;
  /** To the whole process group; nothing happens when it is gone. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Ours alone: what systemd, Node and our own start told this process must not reach a command. */
const NOT_FOR_OTHERS =
  /^(IFS|LD_PRELOAD|LD_LIBRARY_PATH|NODE_(CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)|HOLDFAST_.*|NOTIFY_SOCKET|WATCHDOG_(PID|USEC)|LISTEN_(FDS|PID|FDNAMES))$/;

/** The environment of commands: that of the agent, without what is for the agent alone. */
export const commandEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !NOT_FOR_OTHERS.test(name)));

/** Starts a command. What goes wrong is in its `ended`. */
export function startCommand(command: Command): RunningCommand {
  let child: ChildProcess;
  try {
    child = startProcess(command);
  } catch (error) {
    const ending: Ending = { how: 'not-started', reason: reasonOf(error as NodeJS.ErrnoException) };
    return { pid: undefined, ended: Promise.resolve(ending), signal: () => {} };
  }
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ how: 'not-started', reason: reasonOf(error as NodeJS.ErrnoException) }));
    child.once('exit', (status, signal) =>
      resolve(status === null ? { how: 'killed', signal: signal ?? 'unknown' } : { how: 'exited', status }),
    );
  });
  const { pid } = child;
  return {
    pid,
    ended,
    signal(signal) {
      if (pid === undefined) return;
      try {
        process.kill(-pid, signal);
      } catch {
        // the whole group is gone
      }
    },
  };
}

/** The mask is that of the process, so it is set around the call that makes the new one and lasts no longer. */
function startProcess({ program, args, uid, gid, umask }: Command): ChildProcess {
  const changesUser = uid !== process.getuid?.() || gid !== process.getgid?.() || uid === 0;
  const ours = process.umask(umask);
  try {
    return spawn(program, [...args], {
      detached: true,
      stdio: 'ignore',
      env: commandEnvironment(process.env),
      ...(changesUser ? { uid, gid } : {}), // drops our supplementary groups too
    });
  } finally {
    process.umask(ours);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'it is not there, or the program that its first line names is not there';
  if (code === 'EACCES') return 'it may not be executed by this user';
  if (code === 'EPERM') return 'this process may not become another user';
  if (code === 'ENOTDIR') return 'a part of its path is no directory';
  return message;
}
