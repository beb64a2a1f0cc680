/** What neighbours of two routers see of the addresses: who answers for them, who does not, and what is passed on. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Background, succeed, until } from '../lab/process.ts';
import { INTERVAL, instanceText, Stage, VIP } from './election.ts';
import { ADDRESS, INNER_ADDRESS, type Side } from './pair.ts';

const GLOBAL_VIP = '2001:db8::15';
const NEIGHBOUR = '192.168.4.99';

let stage: Stage;
let sniffer: Background | undefined;

beforeEach(async () => {
  stage = await Stage.build({ second: true });
  await stage.pair.ip(
    'segment',
    `address add ${NEIGHBOUR}/24 dev bridge`,
    'address add 2001:db8::99/64 dev bridge nodad',
  );
});

afterEach(async (context) => {
  sniffer?.signal('SIGTERM');
  await sniffer?.ended;
  sniffer = undefined;
  await stage.close(context.task.result?.state === 'fail');
});

const bothFamilies = (priority: number, extra = ''): string =>
  `${instanceText(priority, extra)}vrrp_instance VI_6 {
 interface eth0
 virtual_router_id 60
 priority ${priority}
 advert_int ${INTERVAL}
 ${extra}
 virtual_ipaddress {
  fe80::15/64
  ${GLOBAL_VIP}/64
 }
}
`;

/** Packets that come in by a port of the segment, as tcpdump prints them. */
async function sniff(port: string, filter: string): Promise<string[]> {
  const lines: string[] = [];
  const words = ['tcpdump', '-i', port, '-n', '-e', '-l', '-Q', 'in', '--immediate-mode', filter];
  sniffer = new Background(...stage.pair.command('segment', ...words), (line) => lines.push(line));
  await until('tcpdump listens', 10_000, () =>
    lines.some((line) => line.includes('listening on')) ? true : undefined,
  );
  return lines;
}

const ping = (address: string, ...words: string[]) =>
  stage.pair.exec('segment', 'ping', '-c', '2', '-i', '0.2', '-W', '1', ...words, address);
const macOf = async (side: Side): Promise<string> =>
  (
    JSON.parse(await succeed('ip', ['-n', stage.pair.namespaceOf(side), '-j', 'link', 'show', 'eth0'])) as {
      address: string;
    }[]
  )[0]?.address ?? '';

it('the MASTER answers for the addresses, ARP and neighbour solicitations, and is in their groups (RFC 9568 §6.4.3) [A27+ B30+ B31+ B34+]', async () => {
  stage.pair.agent('a', 'holdfast', bothFamilies(150)).start();
  await stage.pair.settled(GLOBAL_VIP, 'a', 10);
  await stage.pair.settled(VIP, 'a', 5);
  expect([(await ping(VIP)).code, (await ping(GLOBAL_VIP, '-6')).code]).toEqual([0, 0]);
  const known = await stage.pair.exec('segment', 'ip', 'neigh', 'show');
  for (const address of [VIP, GLOBAL_VIP])
    expect(known.stdout).toContain(`${address} dev bridge lladdr ${await macOf('a')}`);
  expect((await stage.pair.exec('a', 'ip', 'maddress', 'show', 'dev', 'eth0')).stdout).toContain('ff02::1:ff00:15');
});

it('the owner of the addresses accepts packets to them (RFC 3768 §6.4.3) [A28+ B34+]', async () => {
  stage.pair.agent('a', 'holdfast', instanceText(255, 'state MASTER')).start();
  await stage.pair.settled(VIP, 'a', 10);
  expect((await ping(VIP)).code).toBe(0);
});

it('a BACKUP answers neither for the addresses nor packets to them (RFC 3768 §6.4.2) [A17- A19- B19- B20- B23-]', async () => {
  const ours = stage.pair.agent('b', 'holdfast', bothFamilies(100));
  stage.pair.agent('a', 'keepalived', bothFamilies(150)).start();
  await stage.pair.settled(GLOBAL_VIP, 'a', 10);
  await stage.pair.settled(VIP, 'a', 5);
  ours.start();
  await until('both instances are BACKUP', 10_000, () => (ours.states().length === 2 ? true : undefined));
  const mac = await macOf('b');
  const lines = await sniff('port-b', `arp or icmp6[0] = 136 or icmp or icmp6[0] = 129`);
  expect([(await ping(VIP)).code, (await ping(GLOBAL_VIP, '-6')).code]).toEqual([0, 0]);
  // it is asked by its own hardware address too, as by a neighbour that knows the place of before
  await stage.pair.ip('segment', `neigh replace ${VIP} lladdr ${mac} dev bridge nud permanent`);
  await stage.pair.ip('segment', `neigh replace ${GLOBAL_VIP} lladdr ${mac} dev bridge nud permanent`);
  expect([(await ping(VIP)).code, (await ping(GLOBAL_VIP, '-6')).code]).toEqual([1, 1]);
  // what it answers for itself is seen
  expect((await ping(ADDRESS.b)).code).toBe(0);
  await until('the reply is seen', 5_000, () => lines.find((line) => line.includes(`${ADDRESS.b} > ${NEIGHBOUR}`)));
  expect(lines.filter((line) => line.includes(VIP) || line.includes(GLOBAL_VIP))).toEqual([]);
  expect(ours.states()).toEqual(['BACKUP', 'BACKUP']);
});

it('with use_vmac neighbours know the virtual MAC address and no other, and what they send there is forwarded (RFC 9568 §6.4.3) [A25+ A25- A26+ B29+ B29- B33+]', async () => {
  await stage.pair.exec('a', 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1');
  stage.pair.agent('a', 'holdfast', bothFamilies(150, 'use_vmac')).start();
  await stage.pair.settled(GLOBAL_VIP, 'a', 10);
  await stage.pair.settled(VIP, 'a', 5);
  const lines = await sniff('port-a', 'arp[6:2] = 2 or icmp6[0] = 136');
  // as neighbours that know nothing
  await stage.pair.exec('segment', 'ip', 'neigh', 'flush', 'dev', 'bridge');
  expect([(await ping(VIP)).code, (await ping(GLOBAL_VIP, '-6')).code]).toEqual([0, 0]);
  const known = (await stage.pair.exec('segment', 'ip', 'neigh', 'show')).stdout;
  expect(known).toContain(`${VIP} dev bridge lladdr 00:00:5e:00:01:32`);
  expect(known).toContain(`${GLOBAL_VIP} dev bridge lladdr 00:00:5e:00:02:3c`);
  const physical = await macOf('a');
  const answers = lines.filter((line) => line.includes(`${VIP} is-at`) || line.includes(`tgt is ${GLOBAL_VIP}`));
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.filter((line) => line.includes(physical))).toEqual([]);
  // the virtual router as the way to the other segment
  await stage.pair.ip('segment', `route add 10.0.0.0/24 via ${VIP}`);
  await stage.pair.ip('b', `route replace ${NEIGHBOUR} via ${INNER_ADDRESS.a}`);
  expect((await ping(INNER_ADDRESS.b)).code).toBe(0);
});

it('advertisements are not passed on to another segment, by a router that forwards (RFC 9568 §5.1.1.2, §5.1.2.2) [A01- B01- B03-]', async () => {
  for (const name of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']) {
    await stage.pair.exec('b', 'sysctl', '-q', '-w', name);
  }
  const ours = stage.pair.agent('b', 'holdfast', bothFamilies(100));
  stage.pair.agent('a', 'keepalived', bothFamilies(150)).start();
  ours.start();
  await stage.pair.settled(GLOBAL_VIP, 'a', 10);
  const lines = await sniff('port1-b', 'ip proto 112 or ip6 proto 112 or icmp');
  await stage.speakers(20);
  // it does forward: a neighbour reaches the other segment through it
  await stage.pair.ip('segment', 'route add 10.0.0.0/24 via 192.168.4.6');
  await stage.pair.ip('a', 'route replace 192.168.4.99 dev eth0');
  expect((await ping(INNER_ADDRESS.a)).code).toBe(0);
  await until('that is seen', 5_000, () => lines.find((line) => line.includes(`${NEIGHBOUR} > ${INNER_ADDRESS.a}`)));
  expect(lines.filter((line) => /VRRP/i.test(line))).toEqual([]);
});
