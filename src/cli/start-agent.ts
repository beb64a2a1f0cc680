/**
 * Starts the agent in the foreground or in the background. The election's process is begun before anything else is even
 * loaded: it takes as long to start as the configuration to be read. So is that of the checks where the file is long; where it is
 * short, the election would only start later for it. One that turns out to have nothing to do is ended again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { forkRole, type Role } from '../daemon/fork-role.ts';
import { runningAgent } from '../daemon/pid-file.ts';
import { reapInheritedChildren } from '../io/inherited-children.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { takeMemory } from '../io/spare-memory.ts';
import type { AgentOptions } from './agent-options.ts';
import type { Environment } from './command-line.ts';

/** In bytes: about five hundred real servers. */
const LONG_FILE = 1 << 16;
/** In bytes: nobody has written that. */
const ENDLESS = 1 << 24;
/** What gives an election something to do, or may. */
const FOR_ELECTION = ['vrrp_instance', 'bfd_instance', 'static_', 'include'] as const;
/** How long an agent in the background may take to be ready. */
const START_TIME_MS = 60_000;

/**
 * Runs the agent with a configuration file; resolves with the exit status.
 * @param words the command line, for the process in the background
 */
export async function startAgent(
  words: readonly string[],
  options: AgentOptions,
  file: string,
  environment: Environment,
): Promise<number> {
  const pidFile = options.pidFile ?? join(options.runDirectory, 'holdfast.pid');
  const running = runningAgent(pidFile);
  if (running !== undefined) {
    process.stderr.write(`holdfast: already running as process ${running} (${pidFile})\n`);
    return 0; // as keepalived
  }
  if (!options.foreground) return goToBackground(words, options);
  reapInheritedChildren();
  const early = new Map<Role, ChildProcess | undefined>();
  const { isLong, mayElect } = glanceAt(file);
  if (options.runElection && mayElect) early.set('election', forkEarly('election'));
  if (isLong) {
    takeMemory();
    if (options.runHealth) early.set('health', forkEarly('health'));
  }
  try {
    return await (await import('./run-agent.ts')).runAgentHere(options, file, environment, pidFile, early);
  } finally {
    // one that the agent has not taken has done nothing
    for (const child of early.values()) child?.kill('SIGKILL');
  }
}

/** What a long file is for. What cannot be read is said later, and what can be read only once, as a pipe, is left for then. */
function glanceAt(file: string): { readonly isLong: boolean; readonly mayElect: boolean } {
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size < LONG_FILE) return { isLong: false, mayElect: true };
    if (stat.size > ENDLESS) return { isLong: true, mayElect: true };
    const bytes = readFileSync(file);
    return { isLong: true, mayElect: FOR_ELECTION.some((word) => bytes.includes(word)) };
  } catch {
    return { isLong: false, mayElect: false };
  }
}

/** Undefined where no process can be made: the agent says so when it tries again. */
function forkEarly(role: Role): ChildProcess | undefined {
  try {
    const child = forkRole(role);
    child.on('error', () => {});
    return child;
  } catch {
    return undefined;
  }
}

/** Starts the agent as a process of its own and waits until it is ready, or has said why it is not. */
async function goToBackground(words: readonly string[], options: AgentOptions): Promise<number> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('assertion failed: no program to start');
  try {
    makeDirectory(options.runDirectory);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  const child: ChildProcess = spawn(process.execPath, [program, '-n', ...words], {
    detached: true,
    // what it says before it is ready reaches the terminal; afterwards the terminal is let go, but for -l
    stdio: ['ignore', 'ignore', options.logToConsole ? 'inherit' : 'pipe', 'ipc'],
    env: { ...process.env, HOLDFAST_BACKGROUND: '1' },
  });
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      process.stderr.write(`holdfast: not ready within ${START_TIME_MS / 1000} s, giving up\n`);
      child.kill('SIGTERM');
    }, START_TIME_MS);
    late.unref();
    child.once('message', () => {
      child.stderr?.destroy();
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', (status) => resolve(status ?? 1));
    child.once('error', (error) => {
      process.stderr.write(`holdfast: cannot start: ${error.message}\n`);
      resolve(1);
    });
  });
}
