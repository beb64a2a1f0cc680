/** The same program anew in this process, from its file as it is now: the process keeps its number and its parent. */
import { native } from './native.ts';

/** In the environment of a program that took the place of another one. */
const MARK = 'HOLDFAST_IN_PLACE';

/** Returns only by throwing SystemError. What is open closes; children go on. */
export function replaceProcess(): never {
  const { execPath, execArgv, argv, env } = process;
  const environment = Object.entries({ ...env, [MARK]: '1' }).map(([name, value]) => `${name}=${value}`);
  return native().execute(execPath, [execPath, ...execArgv, ...argv.slice(1)], environment);
}

/** Whether this program took the place of an earlier one of this process. Asked once: those that we start are not told. */
export function tookPlace(environment: NodeJS.ProcessEnv): boolean {
  const isMarked = environment[MARK] !== undefined;
  delete environment[MARK];
  return isMarked;
}
