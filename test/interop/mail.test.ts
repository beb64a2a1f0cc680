/** Mails, holdfast beside keepalived: the same subjects and bodies when the same things happen to both. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Background, until } from '../lab/process.ts';
import { Pair } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

let pair: Pair;

beforeEach(async () => {
  pair = await Pair.build();
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${pair.report()}\n`);
  await pair.close();
});

/** A mail server that takes everything and prints each mail as a line of JSON: its own lines. */
const SINK = `
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
createServer((socket) => {
  socket.on('error', () => {});
  let mail;
  socket.write('220 sink\\r\\n');
  const lines = createInterface({ input: socket });
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const word = line.toUpperCase().split(' ')[0];
    if (mail !== undefined && line !== '.') return mail.push(line);
    if (mail !== undefined) { console.log(JSON.stringify(mail)); mail = undefined; }
    else if (word === 'DATA') { mail = []; return socket.write('354 go on\\r\\n'); }
    else if (word === 'QUIT') return socket.end('221 bye\\r\\n');
    socket.write('250 fine\\r\\n');
  });
}).listen(2525, '127.0.0.1', () => console.log('ready'));
`;

const CONFIGURATION = `global_defs {
 router_id R1
 notification_email {
  a@example.com
  b@example.com
 }
 notification_email_from ha@example.com
 smtp_server 127.0.0.1 2525
 smtp_alert
}
vrrp_sync_group G {
 group {
  VI_1
 }
}
vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 priority 200
 virtual_ipaddress {
  10.9.0.1
 }
}
vrrp_instance VI_2 {
 interface eth0
 virtual_router_id 52
 priority 200
 notify_deleted
 virtual_ipaddress {
  10.9.0.2
 }
}
`;
const WITHOUT_SECOND = CONFIGURATION.slice(0, CONFIGURATION.indexOf('vrrp_instance VI_2'));

/** The mail server of the test, and what it got since the list was made. */
const sink: { mails: string[][] } = { mails: [] };

async function openSink(): Promise<void> {
  const script = join(pair.directory, 'sink.mjs');
  writeFileSync(script, SINK);
  const lines: string[] = [];
  new Background(...pair.command('a', process.execPath, script), (line) => {
    lines.push(line);
    if (line.startsWith('[')) sink.mails.push(JSON.parse(line) as string[]);
  });
  await until('the mail server listens', 10_000, () => (lines.includes('ready') ? true : undefined));
}

/** What is mailed when an agent starts, becomes MASTER, loses its link, finds it again, and loses an instance by a reload. */
async function mailed(name: PairAgentName): Promise<string[]> {
  const mails: string[][] = [];
  sink.mails = mails;
  const texts = () =>
    mails.map((lines) => {
      const subject = lines.find((line) => line.startsWith('Subject: ')) ?? '';
      return [subject, lines.find((line) => line.startsWith('=> '))?.trim() ?? ''].join(' | ');
    });
  const after = (what: string, count: number) =>
    until(`${name} mails ${what}`, 20_000, () =>
      texts().filter((text) => text.includes(what)).length >= count ? true : undefined,
    );
  const agent = pair.agent('a', name, CONFIGURATION);
  agent.start();
  await after('Instance VI_1 - Entering MASTER', 1);
  await after('Instance VI_2 - Entering MASTER', 1);
  await pair.ip('a', 'link set eth0 down');
  await after('Group G - Entering FAULT', 1);
  await after('Instance VI_2 - Entering FAULT', 1);
  await pair.ip('a', 'link set eth0 up', 'address replace 192.168.4.5/24 dev eth0');
  await after('Instance VI_1 - Entering MASTER', 2);
  await after('Instance VI_2 - Entering MASTER', 2);
  agent.reload(WITHOUT_SECOND);
  await after('Instance VI_2 - Deleted', 1);
  const told = texts();
  expect(mails[0]).toEqual(expect.arrayContaining(['From: ha@example.com', 'To: a@example.com, b@example.com']));
  await agent.stop();
  return told;
}

it('mails what keepalived mails', async () => {
  await openSink();
  const theirs = await mailed('keepalived');
  const ours = await mailed('holdfast');
  // keepalived sends beside each other: the order between subjects is one of chance
  for (const subject of ['Instance VI_1', 'Instance VI_2', 'Group G']) {
    const of = (texts: readonly string[]) => texts.filter((text) => text.includes(subject));
    expect(of(ours)).toEqual(of(theirs));
    expect(of(theirs).length).toBeGreaterThan(1);
  }
});
