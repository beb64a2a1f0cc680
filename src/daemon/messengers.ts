/**
 * Tells people and programs elsewhere what happened: mails as keepalived's, and webhooks. Each receiver has an outbox of its
 * own, so that one that is gone keeps no other waiting.
 */
import { type Duration, seconds } from '../base/time.ts';
import { HttpRefusal, postJson } from '../io/post-json.ts';
import { isRefusal, type Mail, type MailServer, sendMail } from '../io/smtp-mail.ts';
import type { LvsNotice } from '../ipvs/notice.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { isState } from '../vrrp/notifications.ts';
import { lvsMail, type MailText, vrrpMail } from './mail-texts.ts';
import type { LogLevel } from './messages.ts';
import { LAST_MESSAGES_TIME, Outbox, Unwanted } from './outbox.ts';

/** Who gets mails, and how. */
export interface MailConfig {
  readonly server: MailServer;
  readonly from: string;
  readonly to: readonly string[];
  /** keepalived.conf(5) "no_email_faults" */
  readonly withoutFaults: boolean;
}

/** What of an instance or a group is told elsewhere. */
export interface MessengerSubject {
  readonly subject: VrrpNotice['subject'];
  readonly name: string;
  /** keepalived.conf(5) "smtp_alert" */
  readonly mails: boolean;
  /** Absent: as for all. */
  readonly webhook?: string;
}

export interface MessengersConfig {
  /** router_id */
  readonly router: string;
  /** Absent: nobody gets any. */
  readonly mail?: MailConfig;
  readonly subjects: readonly MessengerSubject[];
  /** Of everything that has none of its own; absent: none. */
  readonly webhook?: string;
  readonly webhookTimeout: Duration;
}

export interface MessengersWorld {
  sendMail(mail: Mail, server: MailServer): Promise<void>;
  post(url: URL, body: string, timeout: Duration): Promise<void>;
  now(): Date;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

/** This host's. */
export const realMessengers = { sendMail, post: postJson, now: () => new Date() };

/** A message of a webhook: the facts that notify scripts get. Stable: a field is never given another meaning. */
export type WebhookMessage = {
  readonly version: 1;
  /** When it happened: ISO 8601. */
  readonly at: string;
  readonly router: string;
} & (
  | (Pick<VrrpNotice, 'name' | 'priority'> & {
      readonly type: VrrpNotice['subject'];
      readonly event: VrrpNotice['event'];
    })
  | {
      readonly type: LvsNotice['subject'];
      readonly event: 'UP' | 'DOWN';
      readonly virtual_server: string;
      readonly real_server?: string;
    }
);

/** See the file's head. */
export class Messengers {
  readonly #world: MessengersWorld;
  readonly #mails: Outbox<Mail>;
  readonly #hooks = new Map<string, Outbox<WebhookMessage>>();
  #config: MessengersConfig = { router: '', subjects: [], webhookTimeout: seconds(5) };
  #subjects = new Map<string, MessengerSubject>();
  /** What was configured before: its removal is still to be told. */
  #former = new Map<string, MessengerSubject>();

  constructor(world: MessengersWorld) {
    this.#world = world;
    this.#mails = new Outbox<Mail>({
      kind: 'mail',
      deliver: (mail) => this.#deliverMail(mail),
      log: (...fact) => world.log(...fact),
    });
  }

  /** Start and reload. What waits is sent as things are then. */
  configure(config: MessengersConfig): void {
    this.#config = config;
    this.#former = this.#subjects;
    this.#subjects = new Map(config.subjects.map((one) => [`${one.subject} ${one.name}`, one]));
  }

  vrrp(notice: VrrpNotice): void {
    const { subject, name, event, priority } = notice;
    const key = `${subject} ${name}`;
    const told = this.#subjects.get(key) ?? this.#former.get(key);
    if (told?.mails && !(event === 'FAULT' && this.#config.mail?.withoutFaults)) {
      this.#mail(vrrpMail(notice, this.#config.router));
    }
    if (isState(event)) this.#hook(told?.webhook, { type: subject, event, name, priority });
  }

  lvs(notice: LvsNotice): void {
    const { subject, virtualServer, realServer, isUp } = notice;
    this.#mail(lvsMail(notice, this.#config.router));
    this.#hook(undefined, {
      type: subject,
      event: isUp ? 'UP' : 'DOWN',
      virtual_server: virtualServer,
      ...(realServer === undefined ? {} : { real_server: realServer }),
    });
  }

  /** The agent ends: the last messages have a little time. */
  async close(): Promise<void> {
    await Promise.all([this.#mails, ...this.#hooks.values()].map((outbox) => outbox.close(LAST_MESSAGES_TIME)));
  }

  #mail(text: MailText | undefined): void {
    const { mail } = this.#config;
    if (text === undefined || mail === undefined) return;
    const { from, to } = mail;
    this.#mails.add({ from, to, subject: text.subject, text: `${text.body}\n\n`, date: this.#world.now() });
  }

  async #deliverMail(mail: Mail): Promise<void> {
    const server = this.#config.mail?.server;
    if (server === undefined) throw new Unwanted('there is no mail server any more');
    try {
      await this.#world.sendMail(mail, server);
    } catch (error) {
      throw isRefusal(error) ? new Unwanted((error as Error).message) : error;
    }
  }

  #hook(own: string | undefined, facts: object): void {
    const url = own ?? this.#config.webhook;
    if (url === undefined) return;
    const message = { version: 1, at: this.#world.now().toISOString(), router: this.#config.router, ...facts };
    let outbox = this.#hooks.get(url);
    if (outbox === undefined) {
      outbox = new Outbox<WebhookMessage>({
        kind: 'webhook',
        deliver: (one) => this.#deliverHook(url, one),
        log: (level, event, sentence, fields) =>
          this.#world.log(level, event, sentence, { ...fields, url: withoutSecrets(url) }),
      });
      this.#hooks.set(url, outbox);
    }
    outbox.add(message as WebhookMessage);
  }

  async #deliverHook(url: string, message: WebhookMessage): Promise<void> {
    try {
      await this.#world.post(new URL(url), JSON.stringify(message), this.#config.webhookTimeout);
    } catch (error) {
      throw error instanceof HttpRefusal && error.isPermanent ? new Unwanted(error.message) : error;
    }
  }
}

/** For the log: who is asked, without the words that often are a password. */
const withoutSecrets = (url: string): string => {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}/…`;
};
