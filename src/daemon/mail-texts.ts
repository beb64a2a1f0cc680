/** The mails of keepalived, word for word: subjects that people have filters for. keepalived.conf(5) "smtp_alert". */
import type { LvsNotice } from '../ipvs/notice.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';

export interface MailText {
  readonly subject: string;
  /** One line. */
  readonly body: string;
}

const STATE_BODIES = {
  MASTER: 'VRRP Instance is now owning VRRP VIPs',
  BACKUP: 'VRRP Instance is no longer owning VRRP VIPs',
  FAULT: 'VRRP Instance is no longer owning VRRP VIPs',
  STOP: 'VRRP Instance is stopping',
  DELETED: 'VRRP Deleted at reload',
} as const;

const GROUP_STOPS = 'All VRRP group instances are stopping';

/** Undefined: nobody gets a mail about it. @param router router_id */
export function vrrpMail({ subject, name, event }: VrrpNotice, router: string): MailText | undefined {
  if (!Object.hasOwn(STATE_BODIES, event)) return undefined;
  const state = event as keyof typeof STATE_BODIES;
  const what = state === 'STOP' ? 'Stopping' : state === 'DELETED' ? 'Deleted' : `Entering ${state} state`;
  const isGroup = subject === 'GROUP';
  const groupBody = state === 'STOP' ? GROUP_STOPS : `All VRRP group instances are now in ${state} state`;
  return {
    subject: `[${router}] VRRP ${isGroup ? 'Group' : 'Instance'} ${name} - ${what}`,
    body: inArrows(isGroup ? groupBody : STATE_BODIES[state]),
  };
}

/** Of a real server, or of the quorum of a virtual server. Undefined: nobody gets a mail about it. */
export function lvsMail(notice: LvsNotice, router: string): MailText | undefined {
  const { subject, virtualServer, realServer, isUp, mail } = notice;
  if (mail === undefined) return undefined;
  const state = isUp ? 'UP' : 'DOWN';
  const what =
    subject === 'RS' ? `Realserver ${realServer} of virtual server ${virtualServer}` : `Virtualserver ${virtualServer}`;
  return { subject: `[${router}] ${what} - ${state}`, body: inArrows(mail) };
}

/** keepalived names some of its checkers in the mail about a real server. */
const NAMED_CHECKERS: Readonly<Record<string, string>> = {
  TCP_CHECK: 'TCP ',
  UDP_CHECK: 'UDP ',
  DNS_CHECK: 'DNS ',
  PING_CHECK: 'PING ',
  MISC_CHECK: 'MISC ',
  FILE_CHECK: 'FILE ',
};

/** What a mail says of a real server. @param kind of the checker that made it so */
export const checkVerdict = (isUp: boolean, kind = ''): string =>
  `${NAMED_CHECKERS[kind] ?? ''}CHECK ${isUp ? 'succeed' : 'failed'} on service`;

const inArrows = (text: string): string => `=> ${text} <=`;
