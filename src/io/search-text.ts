/**
 * Looks for a regular expression in what a stranger has sent, for a limited time: the way in which expressions are tried can
 * take longer than the world lasts.
 */
import { createContext, Script } from 'node:vm';

/** More than a search through a megabyte takes, and less than would be noticed. */
const LIMIT_MS = 200;

const script = new Script('expression.lastIndex = from; expression.exec(text)?.index');
const context = createContext({ expression: /x/g, text: '', from: 0 });

/** Where a global expression is found at or behind `from`; undefined: nowhere; 'endless': it took too long. */
export function searchText(expression: RegExp, text: string, from: number): number | undefined | 'endless' {
  Object.assign(context, { expression, text, from });
  try {
    return script.runInContext(context, { timeout: LIMIT_MS }) as number | undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'endless';
    throw error;
  } finally {
    context.text = '';
  }
}
