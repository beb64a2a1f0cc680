/** Who gets mails and webhooks of a configuration, every default filled in. */
import { hostname, userInfo } from 'node:os';
import { seconds } from '../base/time.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { MailConfig, MessengersConfig } from './messengers.ts';
import type { Configuration } from './root.ts';

const WEBHOOK_TIMEOUT = seconds(5);
/** keepalived.conf(5) "smtp_connect_timeout" */
const SMTP_TIMEOUT = seconds(30);

export function messengersConfig({ global, instances, syncGroups }: Configuration): MessengersConfig {
  const mail = mailConfig(global);
  const groupMails = global.smtpAlertVrrp ?? global.smtpAlert ?? false;
  return {
    router: global.routerId ?? hostname(),
    ...(mail === undefined ? {} : { mail }),
    subjects: [
      ...instances.map(({ name, smtpAlert, notifyWebhook }) => ({
        subject: 'INSTANCE' as const,
        name,
        mails: smtpAlert,
        ...(notifyWebhook === undefined ? {} : { webhook: notifyWebhook }),
      })),
      ...syncGroups.map(({ name, smtpAlert, notifyWebhook }) => ({
        subject: 'GROUP' as const,
        name,
        mails: smtpAlert ?? groupMails,
        ...(notifyWebhook === undefined ? {} : { webhook: notifyWebhook }),
      })),
    ],
    ...(global.notifyWebhook === undefined ? {} : { webhook: global.notifyWebhook }),
    webhookTimeout: global.notifyWebhookTimeout ?? WEBHOOK_TIMEOUT,
  };
}

/** keepalived.conf(5) "notification_email": without receivers, or without a server, there are no mails. */
function mailConfig(global: GlobalDefinitions): MailConfig | undefined {
  const {
    notificationEmail: to,
    smtpServer,
    smtpHeloName,
    notificationEmailFrom,
    smtpConnectTimeout,
    noEmailFaults,
  } = global;
  if (to.length === 0 || smtpServer === undefined) return undefined;
  const heloName = typeof smtpHeloName === 'string' ? smtpHeloName : hostname();
  return {
    server: { ...smtpServer, heloName, timeout: smtpConnectTimeout ?? SMTP_TIMEOUT },
    from: notificationEmailFrom ?? `${userInfo().username}@${hostname()}`,
    to,
    withoutFaults: noEmailFaults,
  };
}
