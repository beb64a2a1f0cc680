/** SMTP_CHECK: healthy when a mail server greets, takes a HELO and lets us go. RFC 5321 §3.1, §4.1.1.1, §4.1.1.10. keepalived.conf(5) "SMTP_CHECK". */
import { type CheckerKind, HEALTHY, resultOf, type Speaker, targetOf } from './checker.ts';
import type { SmtpChecker } from './checker-config.ts';

export const smtpCheck: CheckerKind<SmtpChecker> = {
  keyword: 'SMTP_CHECK',
  async check(config, io, signal) {
    const outcome = await io.converse(targetOf(config), signal, (server) => greet(server, config.heloName));
    return outcome.ok ? HEALTHY : resultOf(outcome);
  },
};

/** Greets, introduces itself and takes its leave. Rejects with what the server should not have said. */
export async function greet(server: Pick<Speaker, 'hear' | 'say'>, heloName: string): Promise<void> {
  await expectReply(server, '220', 'greeting');
  server.say(`HELO ${heloName}`);
  await expectReply(server, '250', 'HELO');
  server.say('QUIT');
  await expectReply(server, '221', 'QUIT');
}

const REPLY_LINES_MAX = 100;

/** A reply of any number of lines: the last one has a blank behind its code, or nothing (RFC 5321 §4.2.1). */
async function expectReply(server: Pick<Speaker, 'hear'>, code: string, to: string): Promise<void> {
  for (let count = 0; count < REPLY_LINES_MAX; count++) {
    const line = await server.hear();
    if (!/^\d{3}(?:[ -]|$)/.test(line)) throw new Error(`${to}: no reply of SMTP: '${shown(line)}'`);
    if (line[3] === '-') continue;
    if (!line.startsWith(code)) throw new Error(`${to}: '${shown(line)}', expected ${code}`);
    return;
  }
  throw new Error(`${to}: a reply of more than ${REPLY_LINES_MAX} lines`);
}

/** A stranger's words for a log. */
export const shown = (line: string): string => line.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
