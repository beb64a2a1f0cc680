/** Long connections survive what happens to the directors: a reload, a drained server, a restart, a failover with lvs_sync_daemon. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, type LabAgent, Net, tally } from './net.ts';
import { until } from './process.ts';

const VIP = '192.0.2.1';
const PORT = 8000;
const CONNECTIONS = 200;

const configuration = (priority: number, servers: readonly string[]) => `
global_defs { lvs_sync_daemon eth0 VI_1 id 5 }
vrrp_instance VI_1 { interface eth0\nvirtual_router_id 5\npriority ${priority}\nadvert_int 1\nvirtual_ipaddress { ${VIP}/24 } }
virtual_server ${VIP} ${PORT} {
  lb_algo rr\nlb_kind DR\nprotocol TCP
  ${servers.map((address) => `real_server ${address} ${PORT} { weight 1 }`).join('\n')}
}`;

const A = '192.0.2.101';
const B = '192.0.2.102';

let net: Net;
let caller: Caller;
let first: LabAgent;

/** Connections that the director's kernel knows as established. */
const known = async (director: string): Promise<number> =>
  (await net.ipvsadm(director, '-Lnc')).split('\n').filter((line) => line.includes('ESTABLISHED')).length;

beforeAll(async () => {
  const realServer = (address: string) => ({
    addresses: [`${address}/24`],
    commands: [`address add ${VIP}/32 dev lo`],
    sysctl: ['all', 'lo'].flatMap((name) => [
      `net.ipv4.conf.${name}.arp_ignore=1`,
      `net.ipv4.conf.${name}.arp_announce=2`,
    ]),
  });
  const director = (address: string) => ({
    addresses: [`${address}/24`],
    // every packet of a connection is told to the other director: the third one is what is told otherwise
    sysctl: ['net.ipv4.vs.sync_threshold=1 2'],
  });
  net = await Net.lay({
    client: { addresses: ['192.0.2.10/24'] },
    first: director('192.0.2.2'),
    second: director('192.0.2.3'),
    a: realServer(A),
    b: realServer(B),
  });
  await net.serve(['a', 'b'], [PORT]);
  first = await net.agent('first', configuration(150, [A, B]));
  await first.said(/Entering MASTER STATE/);
  await net.agent('second', configuration(100, [A, B]));
  caller = net.caller('client');
  expect(tally(await caller.open(VIP, PORT, CONNECTIONS))).toEqual({ a: CONNECTIONS / 2, b: CONNECTIONS / 2 });
});

afterAll(() => net?.close());

describe('long connections', () => {
  it('survive a reload that adds a server, changes a weight and removes another server', async () => {
    await first.reload(configuration(150, [A, B, '192.0.2.103']));
    await first.reload(configuration(150, [A, B]));
    expect(await caller.ping()).toEqual({ alive: CONNECTIONS, of: CONNECTIONS });
  });

  it('survive that their server is drained, which gets no new ones', async () => {
    const { code, stdout } = await first.command('drain', `${A}:${PORT}`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${A}:${PORT}: drained, in ${VIP}:${PORT}/TCP\n` });
    await until('its weight is 0', 10_000, async () =>
      /192\.0\.2\.101:8000 +Route +0/.test(await net.ipvsadm('first', '-Ln')) ? true : undefined,
    );
    const extra = net.caller('client');
    expect(tally(await extra.open(VIP, PORT, 4))).toEqual({ b: 4 });
    extra.close();
    await first.reload(configuration(150, [A, B]));
    expect(await net.ipvsadm('first', '-Ln')).toMatch(/192\.0\.2\.101:8000 +Route +0/);
    expect((await first.command('status')).stdout).toContain('drained by an operator');
    expect(await caller.ping()).toEqual({ alive: CONNECTIONS, of: CONNECTIONS });
    expect((await first.command('undrain', `${A}:${PORT}`)).code).toBe(0);
  });

  it('survive a restart of the agent', async () => {
    first.lines.length = 0;
    expect(await first.command('restart')).toMatchObject({ code: 0, stderr: '' });
    expect(await caller.ping()).toEqual({ alive: CONNECTIONS, of: CONNECTIONS });
    await first.said(/the health process has taken over/);
    expect(first.lines.filter((line) => /Entering|event=ipvs /.test(line))).toEqual([]);
  });

  it('survive a failover: the other director knows them (keepalived.conf(5) "lvs_sync_daemon")', async () => {
    await until('the second director knows them', 30_000, async () => {
      await caller.ping();
      return (await known('second')) >= CONNECTIONS ? true : undefined;
    });
    await first.stop();
    expect(await caller.ping()).toEqual({ alive: CONNECTIONS, of: CONNECTIONS });
    expect(await net.ipvsadm('second', '-Ln', '--daemon')).toMatch(/^master sync daemon \(mcast=eth0, syncid=5/);
    expect(await net.ipvsadm('first', '-Ln', '--daemon')).toBe('');
  });
});
