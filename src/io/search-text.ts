/**
 * Looks for a regular expression in what a stranger has sent, for a limited time: the way in which expressions are tried can
 * take longer than the world lasts.
 */
import { createContext, Script } from 'node:vm';

/** More processor time than a search through a megabyte takes, and less than would be noticed. */
const LIMIT_MS = 200;
/** How often a search that a busy machine has interrupted is begun anew. */
const ATTEMPTS = 5;

const script = new Script('expression.lastIndex = from; expression.exec(text)?.index');
const context = createContext({ expression: /x/g, text: '', from: 0 });

/** Where a global expression is found at or behind `from`; undefined: nowhere; 'endless': it took too long. */
export function searchText(expression: RegExp, text: string, from: number): number | undefined | 'endless' {
  for (let attempt = 1; ; attempt++) {
    const before = process.cpuUsage();
    Object.assign(context, { expression, text, from });
    try {
      return script.runInContext(context, { timeout: LIMIT_MS }) as number | undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      // time in which other processes ran does not count
      const { user } = process.cpuUsage(before);
      if (user / 1000 >= LIMIT_MS / 2 || attempt === ATTEMPTS) return 'endless';
    } finally {
      context.text = '';
    }
  }
}
