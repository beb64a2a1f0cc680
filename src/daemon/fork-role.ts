/** Makes a process of the agent for one of its roles. */
import { type ChildProcess, fork } from 'node:child_process';
import nodeOptions from './node-options.json' with { type: 'json' };

export type Role = 'election' | 'health';

/**
 * Both are collected by the thread that runs them, which waits for no other. The election's heap is small and collected often: no
 * pause that an advertisement would notice.
 */
const NODE_OPTIONS: Readonly<Record<Role, readonly string[]>> = nodeOptions;

/** The program that runs here, in another role. Throws where no process can be made. */
export function forkRole(role: Role): ChildProcess {
  const main = process.argv[1];
  if (main === undefined) throw new Error('assertion failed: no program to start');
  return fork(main, [`@${role}`], {
    execArgv: [...NODE_OPTIONS[role]],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
