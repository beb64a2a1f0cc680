/**
 * keepalived.conf(5) "nftables_ipvs" with real connections: a group of two addresses and two ports is one service of a firewall
 * mark, over reloads, a restart, and what others do to nftables. The director and two servers are on the client's segment.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Caller, type LabAgent, Net, tally } from './net.ts';
import { until } from './process.ts';

const SERVERS = ['a', 'b'] as const;
const PORTS = [8001, 8002] as const;
const UDP_PORT = 8003;
const VIPS = ['192.0.2.1', '192.0.2.2'] as const;
const VIP6 = 'fd00::1';
const real4 = (i: number) => `192.0.2.${101 + i}`;
const real6 = (i: number) => `fd00::${101 + i}`;

const serve = (group: string, protocol: string, port: number, addressOf: (i: number) => string) => {
  const reals = SERVERS.map((_, i) => `real_server ${addressOf(i)} ${port} { weight 1 }`).join('\n');
  return `virtual_server group ${group} { lb_algo rr\nlb_kind DR\nprotocol ${protocol}\n${reals} }`;
};
const KEYWORD = 'global_defs {\n nftables_ipvs\n}';
const web = [
  `virtual_server_group WEB {\n${PORTS.map((port) => ` 192.0.2.1-2 ${port}`).join('\n')}\n}`,
  serve('WEB', 'TCP', PORTS[0], real4),
];
const dns = [`virtual_server_group DNS {\n ${VIP6} ${UDP_PORT}\n}`, serve('DNS', 'UDP', UDP_PORT, real6)];
const configuration = (...parts: readonly string[]) => [KEYWORD, ...parts].join('\n');

/** Looking starts a program: where the processor is emulated that must not take the time from what is looked at. */
const LOOK_EVERY_MS = 250;

let net: Net;
let caller: Caller;
let agent: LabAgent;

beforeAll(async () => {
  net = await Net.lay({
    client: { addresses: ['192.0.2.10/24', 'fd00::10/64'] },
    director: {
      addresses: ['192.0.2.254/24', ...VIPS.map((vip) => `${vip}/32`), 'fd00::254/64'],
      commands: [`address add ${VIP6}/128 dev eth0 nodad preferred_lft 0`],
      sysctl: ['net.ipv4.conf.all.send_redirects=0', 'net.ipv4.conf.eth0.send_redirects=0'],
    },
    ...Object.fromEntries(
      SERVERS.map((name, i) => [
        name,
        {
          addresses: [`${real4(i)}/24`, `${real6(i)}/64`],
          commands: [...VIPS.map((vip) => `address add ${vip}/32 dev lo`), `address add ${VIP6}/128 dev lo nodad`],
          sysctl: ['all', 'lo'].flatMap((device) => [
            `net.ipv4.conf.${device}.arp_ignore=1`,
            `net.ipv4.conf.${device}.arp_announce=2`,
          ]),
        },
      ]),
    ),
  });
  await net.serve(SERVERS, [...PORTS, UDP_PORT]);
  agent = await net.agent('director', configuration(...web, ...dns));
  caller = net.caller('client');
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${agent.lines.join('\n')}\n`);
});

afterAll(async () => {
  await agent?.stop();
  net?.close();
});

/** `FWM 1000`, `FWM 1001 IPv6`, `TCP 192.0.2.1:8001`. */
async function services(): Promise<string[]> {
  const table = await net.ipvsadm('director', '-Ln');
  return table.split('\n').flatMap((line) => /^(?:FWM|TCP|UDP) .*(?= rr\b)/.exec(line)?.[0].replace(/ +/g, ' ') ?? []);
}

const ruleset = async () => (await net.exec('director', 'nft', 'list', 'ruleset')).stdout;

/** Two connections to each address and port, which stay open. */
async function answers(): Promise<Record<string, number>> {
  const names: string[] = [];
  for (const vip of VIPS) for (const port of PORTS) names.push(...(await caller.open(vip, port, 2)));
  return tally(names);
}

it('each group is one service, and its addresses and ports lead to it', async () => {
  expect(await services()).toEqual(['FWM 1000', 'FWM 1001 IPv6']);
  expect(await answers()).toEqual({ a: 4, b: 4 });
  expect(tally(await caller.ask(VIP6, UDP_PORT, 4))).toEqual({ a: 2, b: 2 });
  expect(await caller.open(VIPS[0], UDP_PORT, 1)).toEqual(['-']);
});

it('a reload that puts another group before it leaves its mark and its connections alone', async () => {
  await caller.closeAll();
  await answers();
  const other = ['virtual_server_group OTHER {\n 192.0.2.2 9000\n}', serve('OTHER', 'TCP', 9000, real4)];
  await agent.reload(configuration(...other, ...web, ...dns));
  expect(await services()).toEqual(['FWM 1000', 'FWM 1001 IPv6', 'FWM 1002']);
  expect(await caller.ping()).toEqual({ alive: 8, of: 8 });
  await agent.reload(configuration(...web, ...dns));
  expect(await services()).toEqual(['FWM 1000', 'FWM 1001 IPv6']);
  expect(await answers()).toEqual({ a: 4, b: 4 });
});

it('what somebody flushes is there again at once', async () => {
  await caller.closeAll();
  const before = await ruleset();
  agent.lines.length = 0;
  await net.exec('director', 'nft', 'flush', 'ruleset');
  await agent.said(/event=firewall-marks-mended /);
  expect(await ruleset()).toBe(before);
  expect(await answers()).toEqual({ a: 4, b: 4 });
});

it('without the keyword, after a reload, each address has a service and the table is gone; and back', async () => {
  await caller.closeAll();
  await agent.reload(web.join('\n'));
  expect((await services()).sort()).toEqual(VIPS.flatMap((vip) => PORTS.map((port) => `TCP ${vip}:${port}`)));
  expect(await ruleset()).toBe('');
  expect(await answers()).toEqual({ a: 4, b: 4 });
  // the kernel drops what belongs to a service that is gone
  await caller.closeAll();
  await agent.reload(configuration(...web));
  expect(await services()).toEqual(['FWM 1000']);
  expect(await answers()).toEqual({ a: 4, b: 4 });
});

it('the table goes at the end; while somebody else has one of its name, each address has a service', async () => {
  await caller.closeAll();
  await agent.stop();
  expect([await ruleset(), await services()]).toEqual(['', []]);
  await net.exec('director', 'nft', 'add', 'table', 'ip', 'keepalived_ipvs');
  await agent.start();
  await agent.said(/event=firewall-marks-failed .*somebody else has made/);
  expect(await services()).toHaveLength(4);
  expect(await answers()).toEqual({ a: 4, b: 4 });
  await caller.closeAll();
  await net.exec('director', 'nft', 'delete', 'table', 'ip', 'keepalived_ipvs');
  await until('the group has a mark', 20_000, async () =>
    (await services()).join() === 'FWM 1000' ? true : undefined,
  );
  expect(await answers()).toEqual({ a: 4, b: 4 });
});

it('a restart loses neither the table nor a connection', async () => {
  await caller.closeAll();
  expect(await answers()).toEqual({ a: 4, b: 4 });
  let isOver = false;
  const seen = new Set<string>();
  const watching = (async () => {
    while (!isOver) {
      seen.add(await ruleset());
      await sleep(LOOK_EVERY_MS);
    }
  })();
  const before = await ruleset();
  // its log goes elsewhere from now on
  expect(await agent.command('restart')).toMatchObject({ code: 0, stderr: '' });
  isOver = true;
  await watching;
  expect([...seen]).toEqual([before]);
  expect(await services()).toEqual(['FWM 1000']);
  expect(await caller.ping()).toEqual({ alive: 8, of: 8 });
  expect(await answers()).toEqual({ a: 4, b: 4 });
  await net.exec('director', 'nft', 'flush', 'ruleset');
  await until('the table is there again', 20_000, async () => ((await ruleset()) === before ? true : undefined));
});
