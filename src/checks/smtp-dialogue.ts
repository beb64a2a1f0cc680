/** What SMTP_CHECK says and wants to hear: RFC 5321 §3.1, §4.1.1.1, §4.1.1.10. keepalived.conf(5) "SMTP_CHECK". */

/** The server, line by line. */
export interface MailServer {
  hear(): Promise<string>;
  say(line: string): void;
}

/** Greets, introduces itself and takes its leave. Rejects with what the server should not have said. */
export async function greet(server: MailServer, heloName: string): Promise<void> {
  await expectReply(server, '220', 'greeting');
  server.say(`HELO ${heloName}`);
  await expectReply(server, '250', 'HELO');
  server.say('QUIT');
  await expectReply(server, '221', 'QUIT');
}

/** A reply of any number of lines: the last one has a blank behind its code, or nothing (RFC 5321 §4.2.1). */
async function expectReply(server: MailServer, code: string, to: string): Promise<void> {
  for (let count = 0; count < REPLY_LINES_MAX; count++) {
    const line = await server.hear();
    if (!/^\d{3}(?:[ -]|$)/.test(line)) throw new Error(`${to}: no reply of SMTP: '${shown(line)}'`);
    if (line[3] === '-') continue;
    if (!line.startsWith(code)) throw new Error(`${to}: '${shown(line)}', expected ${code}`);
    return;
  }
  throw new Error(`${to}: a reply of more than ${REPLY_LINES_MAX} lines`);
}

const REPLY_LINES_MAX = 100;

/** A stranger's words for a log. */
const shown = (line: string): string => line.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
