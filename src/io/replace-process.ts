/** The same program anew in this process, from its file as it is now: the process keeps its number and its parent. */
import { native } from './native.ts';

/** Returns only by throwing SystemError. What is open closes; children go on. */
export function replaceProcess(): never {
  const { execPath, execArgv, argv, env } = process;
  const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return native().execute(execPath, [execPath, ...execArgv, ...argv.slice(1)], environment);
}
