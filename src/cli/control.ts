/** Asks the running agent, or tells it something, over its control socket. */
import { request } from 'node:http';
import { join } from 'node:path';

const PATIENCE_MS = 5_000;

/** What it answers, from JSON. Rejects with a sentence for a person. @param wish makes it a wish, which is sent as JSON */
export async function askAgent(runDirectory: string, path: string, wish?: object): Promise<unknown> {
  const socketPath = join(runDirectory, 'holdfast.sock');
  try {
    return JSON.parse(await call(socketPath, path, wish));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(explain(code, message, socketPath), { cause: error });
  }
}

function call(socketPath: string, path: string, wish: object | undefined): Promise<string> {
  const method = wish === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, method, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(sentenceOf(text) ?? `the agent answered ${response.statusCode}: ${text.trim()}`));
      });
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    asking.on('error', reject);
    asking.end(wish === undefined ? undefined : JSON.stringify(wish));
  });
}

/** The sentence of a refusal. */
function sentenceOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

function explain(code: string | undefined, message: string, socketPath: string): string {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return `no agent is running (nothing listens on ${socketPath})`;
  if (code === 'EACCES') return `not allowed to ask the agent on ${socketPath}: try as root`;
  return message;
}
