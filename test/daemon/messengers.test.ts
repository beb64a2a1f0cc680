import { beforeEach, describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { messengersConfig } from '../../src/daemon/messenger-config.ts';
import { Messengers, type MessengersConfig } from '../../src/daemon/messengers.ts';
import { readConfiguration } from '../../src/daemon/root.ts';
import type { Mail } from '../../src/io/smtp-mail.ts';
import type { VrrpNotice } from '../../src/vrrp/notice.ts';

let mails: Mail[];
let posts: { url: string; body: unknown }[];
let messengers: Messengers;

beforeEach(() => {
  mails = [];
  posts = [];
  messengers = new Messengers({
    sendMail: async (mail) => void mails.push(mail),
    post: async (url, body) => void posts.push({ url: url.href, body: JSON.parse(body) }),
    now: () => new Date('2026-03-01T12:00:00Z'),
    log: () => {},
  });
});

const config = (different: Partial<MessengersConfig> = {}): MessengersConfig => ({
  router: 'R1',
  mail: {
    server: { host: '127.0.0.1', port: 25, heloName: 'r1', timeout: seconds(30) },
    from: 'ha@example.com',
    to: ['a@example.com', 'Joe Doe <joe@example.com>'],
    withoutFaults: false,
  },
  subjects: [
    { subject: 'INSTANCE', name: 'VI_1', mails: true },
    { subject: 'INSTANCE', name: 'VI_2', mails: false },
    { subject: 'GROUP', name: 'G1', mails: true },
  ],
  webhookTimeout: seconds(5),
  ...different,
});

const tell = (event: VrrpNotice['event'], name = 'VI_1', subject: VrrpNotice['subject'] = 'INSTANCE') =>
  messengers.vrrp({ subject, name, event, priority: subject === 'GROUP' ? 0 : 100 });
/** Deliveries are made beside us. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const written = async () => {
  await settled();
  return mails.map(({ subject, text }) => `${subject} | ${text.trimEnd()}`);
};

describe('mails', () => {
  it("have keepalived's subjects and bodies for each state of an instance", async () => {
    messengers.configure(config());
    for (const state of ['BACKUP', 'MASTER', 'FAULT', 'STOP', 'DELETED'] as const) tell(state);
    expect(await written()).toEqual([
      '[R1] VRRP Instance VI_1 - Entering BACKUP state | => VRRP Instance is no longer owning VRRP VIPs <=',
      '[R1] VRRP Instance VI_1 - Entering MASTER state | => VRRP Instance is now owning VRRP VIPs <=',
      '[R1] VRRP Instance VI_1 - Entering FAULT state | => VRRP Instance is no longer owning VRRP VIPs <=',
      '[R1] VRRP Instance VI_1 - Stopping | => VRRP Instance is stopping <=',
      '[R1] VRRP Instance VI_1 - Deleted | => VRRP Deleted at reload <=',
    ]);
    expect(mails[0]).toMatchObject({ from: 'ha@example.com', to: ['a@example.com', 'Joe Doe <joe@example.com>'] });
  });

  it('and of a group', async () => {
    messengers.configure(config());
    for (const state of ['BACKUP', 'MASTER', 'FAULT', 'STOP'] as const) tell(state, 'G1', 'GROUP');
    expect(await written()).toEqual([
      '[R1] VRRP Group G1 - Entering BACKUP state | => All VRRP group instances are now in BACKUP state <=',
      '[R1] VRRP Group G1 - Entering MASTER state | => All VRRP group instances are now in MASTER state <=',
      '[R1] VRRP Group G1 - Entering FAULT state | => All VRRP group instances are now in FAULT state <=',
      '[R1] VRRP Group G1 - Stopping | => All VRRP group instances are stopping <=',
    ]);
  });

  it('go to nobody without smtp_alert, without receivers, and for what is no state', async () => {
    messengers.configure(config());
    tell('MASTER', 'VI_2');
    tell('MASTER', 'UNKNOWN');
    tell('MASTER_RX_LOWER_PRI');
    tell('MASTER_PRIORITY');
    const { mail: _, ...without } = config();
    messengers.configure(without);
    tell('MASTER');
    expect(await written()).toEqual([]);
  });

  it('keepalived.conf(5) "no_email_faults" leaves FAULT out and nothing else', async () => {
    const { mail } = config();
    messengers.configure(config(mail === undefined ? {} : { mail: { ...mail, withoutFaults: true } }));
    tell('FAULT');
    tell('BACKUP');
    expect(await written()).toHaveLength(1);
  });

  it('tell of an instance that a reload removed', async () => {
    messengers.configure(config());
    messengers.configure(config({ subjects: [] }));
    tell('DELETED');
    expect(await written()).toHaveLength(1);
  });

  it("have keepalived's subjects for servers, where one is wanted", async () => {
    messengers.configure(config());
    const [virtualServer, realServer] = ['[10.0.0.1]:tcp:80', '[192.168.0.2]:tcp:80'];
    messengers.lvs({ subject: 'RS', virtualServer, realServer, isUp: false, mail: 'TCP CHECK failed on service' });
    messengers.lvs({ subject: 'VS', virtualServer, isUp: true, mail: 'Gained quorum 1+0=1 <= 2' });
    messengers.lvs({ subject: 'VS', virtualServer, isUp: false });
    expect(await written()).toEqual([
      '[R1] Realserver [192.168.0.2]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN | => TCP CHECK failed on service <=',
      '[R1] Virtualserver [10.0.0.1]:tcp:80 - UP | => Gained quorum 1+0=1 <= 2 <=',
    ]);
  });
});

describe('webhooks', () => {
  const URL_OF_ALL = 'http://10.0.0.9/all';
  const OWN = 'https://10.0.0.9/one';

  it('get the facts that notify scripts get, for every state', async () => {
    messengers.configure(config({ webhook: URL_OF_ALL }));
    tell('MASTER');
    tell('MASTER_RX_LOWER_PRI');
    tell('FAULT', 'G1', 'GROUP');
    await settled();
    const common = { version: 1, at: '2026-03-01T12:00:00.000Z', router: 'R1' };
    expect(posts).toEqual([
      { url: URL_OF_ALL, body: { ...common, type: 'INSTANCE', name: 'VI_1', event: 'MASTER', priority: 100 } },
      { url: URL_OF_ALL, body: { ...common, type: 'GROUP', name: 'G1', event: 'FAULT', priority: 0 } },
    ]);
  });

  it('of an instance take the place of that of all', async () => {
    messengers.configure(
      config({ webhook: URL_OF_ALL, subjects: [{ subject: 'INSTANCE', name: 'VI_1', mails: false, webhook: OWN }] }),
    );
    tell('MASTER');
    tell('BACKUP', 'VI_2');
    await settled();
    expect(posts.map(({ url }) => url)).toEqual([OWN, URL_OF_ALL]);
  });

  it('hear of servers too', async () => {
    messengers.configure(config({ webhook: URL_OF_ALL }));
    const virtualServer = '[10.0.0.1]:tcp:80';
    messengers.lvs({ subject: 'RS', virtualServer, realServer: '[192.168.0.2]:tcp:80', isUp: true });
    messengers.lvs({ subject: 'VS', virtualServer, isUp: false });
    await settled();
    expect(posts.map(({ body }) => body)).toMatchObject([
      { type: 'RS', event: 'UP', virtual_server: virtualServer, real_server: '[192.168.0.2]:tcp:80' },
      { type: 'VS', event: 'DOWN', virtual_server: virtualServer },
    ]);
  });

  it('without an address nothing is sent', async () => {
    messengers.configure(config());
    tell('MASTER');
    await settled();
    expect(posts).toEqual([]);
  });
});

describe('messengersConfig', () => {
  const read = (text: string) => messengersConfig(readConfiguration('f', () => text).configuration);
  const instance = (extra = '') => `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n ${extra}\n}\n`;

  it('takes what the file says', () => {
    const text = `global_defs {
 router_id R1
 notification_email {
  a@example.com
  "Joe Doe <joe@example.com>"
 }
 notification_email_from ha@example.com
 smtp_server 10.0.0.25 2525
 smtp_helo_name lb1
 smtp_connect_timeout 7
 smtp_alert_vrrp
 no_email_faults
 notify_webhook https://alerts.example.com/hook?key=1
 notify_webhook_timeout 2
}
${instance('notify_webhook http://10.0.0.9')}`;
    expect(read(text)).toEqual({
      router: 'R1',
      mail: {
        server: { host: '10.0.0.25', port: 2525, heloName: 'lb1', timeout: seconds(7) },
        from: 'ha@example.com',
        to: ['a@example.com', 'Joe Doe <joe@example.com>'],
        withoutFaults: true,
      },
      subjects: [{ subject: 'INSTANCE', name: 'VI_1', mails: true, webhook: 'http://10.0.0.9/' }],
      webhook: 'https://alerts.example.com/hook?key=1',
      webhookTimeout: seconds(2),
    });
  });

  it('without a server, or without receivers, there are no mails', () => {
    expect(read('global_defs {\n notification_email {\n  a@example.com\n }\n}\n').mail).toBeUndefined();
    expect(read('global_defs {\n smtp_server 10.0.0.25\n}\n').mail).toBeUndefined();
  });

  it('what is no web address is refused, with its place', () => {
    const wrong = readConfiguration('f', () => `global_defs {\n notify_webhook ftp://a/\n}\n`);
    expect(wrong.diagnostics).toMatchObject([{ severity: 'error', line: 2 }]);
    expect(wrong.configuration.global.notifyWebhook).toBeUndefined();
  });
});
