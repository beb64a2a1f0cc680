/** `holdfast status`: asks the running agent over its control socket. */
import { request } from 'node:http';
import { join } from 'node:path';
import type { StatusReport } from '../status/report.ts';
import { renderStatus } from '../status/text.ts';
import { wantsColour } from './colour.ts';

const PATIENCE_MS = 5_000;

/** Prints what the agent does; 0 when it answers, 1 when there is none to ask. */
export async function showStatus(options: { json: boolean; runDirectory: string }): Promise<number> {
  const socketPath = join(options.runDirectory, 'holdfast.sock');
  let answer: string;
  try {
    answer = await ask(socketPath, '/status');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    process.stderr.write(`holdfast: ${explain(code, message, socketPath)}\n`);
    return 1;
  }
  const report = JSON.parse(answer) as StatusReport;
  const colour = wantsColour(process.stdout);
  process.stdout.write(
    options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderStatus(report, { now: new Date(), colour }),
  );
  return 0;
}

function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`the agent answered ${response.statusCode}: ${text.trim()}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    call.on('error', reject);
    call.end();
  });
}

function explain(code: string | undefined, message: string, socketPath: string): string {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return `no agent is running (nothing listens on ${socketPath})`;
  if (code === 'EACCES') return `not allowed to ask the agent on ${socketPath}: try as root`;
  return message;
}
