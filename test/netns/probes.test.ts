/** Where probes go, through what, and with which mark, on the real kernel. keepalived.conf(5) "bind_if", "fwmark", "bindto". */
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { ping } from '../../src/io/ping.ts';
import { type ConnectRequest, openConnection, tcpConnect } from '../../src/io/tcp-connect.ts';
import { udpExchange } from '../../src/io/udp-exchange.ts';
import { LEFT, onTheRight, RIGHT, run, twoSides, why } from './two-sides.ts';

const never = new AbortController().signal;
const PORT = 8080;
const request = (different: Partial<ConnectRequest> = {}): ConnectRequest => ({
  address: RIGHT,
  port: PORT,
  timeout: seconds(5),
  ...different,
});

let server: Server | undefined;
afterEach(() => server?.close());

/** Listens in the right namespace, on all addresses (a name would be looked up first, and outside of it); tells who came. */
async function listen(): Promise<string[]> {
  const seen: string[] = [];
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    try {
      seen.push(socket.remoteAddress ?? '');
    } catch {
      // of a link-local address Node wants the name of an interface that is not in its namespace
    }
    socket.destroy();
  });
  server = listening;
  await new Promise<void>((done, fail) => {
    listening.once('error', fail);
    onTheRight(() => listening.listen({ port: PORT }, done));
  });
  return seen;
}

/** Packets of the left namespace with the mark 7, by protocol, since the last time. */
function marked(): Record<string, number> {
  const said = execFileSync('nft', ['-j', 'reset', 'counters', 'table', 'inet', 'marks'], { encoding: 'utf8' });
  const counters = JSON.parse(said).nftables.flatMap((one: { counter?: { name: string; packets: number } }) =>
    one.counter === undefined ? [] : [[one.counter.name, one.counter.packets]],
  );
  return Object.fromEntries(counters);
}

const MARKS = `table inet marks {
  counter of_tcp { }
  counter of_udp { }
  counter of_icmp { }
  chain out {
    type filter hook output priority 0;
    meta mark 7 meta l4proto tcp counter name of_tcp
    meta mark 7 meta l4proto udp counter name of_udp
    meta mark 7 meta l4proto icmp counter name of_icmp
  }
}`;

describe.skipIf(why !== '')(`probes on the real kernel${why}`, () => {
  twoSides();

  it('mark their packets as they are told, and no others', async () => {
    execFileSync('nft', ['-f', '-'], { input: MARKS });
    await listen();
    const all = async (different: Partial<ConnectRequest>) => {
      await tcpConnect(request(different), never);
      await udpExchange(request({ ...different, timeout: milliseconds(200) }), Buffer.from('x'), never);
      await ping(request(different), never);
      return marked();
    };
    expect(await all({})).toEqual({ of_tcp: 0, of_udp: 0, of_icmp: 0 });
    const { of_tcp: tcp = 0, ...others } = await all({ fwmark: 7 });
    expect(others).toEqual({ of_udp: 1, of_icmp: 1 });
    expect(tcp).toBeGreaterThanOrEqual(2);
  });

  it('reach a link-local address through their interface, and not without it', async () => {
    await listen();
    run('address add fe80::77/64 dev left1 nodad');
    onTheRight(() => run('address add fe80::88/64 dev right1 nodad'));
    const address = 'fe80::88' as IpAddress;
    expect(await tcpConnect(request({ address, bindInterface: 'left1' }), never)).toEqual({ ok: true });
    expect((await tcpConnect(request({ address }), never)).ok).toBe(false);
    const outcome = await ping(request({ address, bindInterface: 'left1' }), never);
    expect(outcome.type).toBe('reply');
  });

  it('come from the address that they are bound to', async () => {
    const seen = await listen();
    run('address add 192.0.2.9/24 dev left1');
    for (const bindAddress of [LEFT, '192.0.2.9' as IpAddress]) {
      const outcome = await openConnection(request({ bindAddress }), never);
      if (outcome.ok) await new Promise((done) => outcome.socket.once('close', done).resume());
    }
    expect(seen).toEqual(['::ffff:192.0.2.1', '::ffff:192.0.2.9']);
  });

  it('hear that a host is not there', async () => {
    run('link set lo up'); // its errors come over it
    const address = '192.0.2.200' as IpAddress;
    expect(await tcpConnect(request({ address }), never)).toEqual({ ok: false, reason: 'EHOSTUNREACH', local: false });
  });

  it('hear that there is no way to a host', async () => {
    const address = '203.0.113.1' as IpAddress;
    expect(await tcpConnect(request({ address }), never)).toEqual({ ok: false, reason: 'ENETUNREACH', local: false });
  });
});
