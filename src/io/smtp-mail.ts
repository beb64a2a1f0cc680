/** Sends a mail to a mail server: in the clear and without a password, as keepalived does. The library is loaded when needed. */
import { type Duration, inMilliseconds } from '../base/time.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** How we introduce ourselves. */
  readonly heloName: string;
  /** Of connecting, of the greeting, and of each answer. */
  readonly timeout: Duration;
}

export interface Mail {
  readonly from: string;
  /** `a@example.com` or `Name <a@example.com>`. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
}

/** Rejects with what the server or the network said; `isPermanent` of the error: it will say so again. */
export async function sendMail(mail: Mail, { host, port, heloName, timeout }: MailServer): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const limit = inMilliseconds(timeout);
  const transport = createTransport({
    host,
    port,
    name: heloName,
    ignoreTLS: true,
    connectionTimeout: limit,
    greetingTimeout: limit,
    socketTimeout: limit,
    dnsTimeout: limit,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { to, ...rest } = mail;
  try {
    await transport.sendMail({ ...rest, to: [...to], xMailer: 'holdfast' });
  } finally {
    transport.close();
  }
}

/** Whether a mail server has refused for good: RFC 5321 §4.2.1, a code that begins with 5. */
export function isRefusal(error: unknown): boolean {
  const code = (error as { responseCode?: number }).responseCode ?? 0;
  return code >= 500 && code < 600;
}
