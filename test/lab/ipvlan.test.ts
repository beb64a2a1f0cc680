/** use_ipvlan beside the real keepalived, on a kernel that has ipvlan. It may be an emulated one: nothing here is about times. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INTERVAL, instanceText, Stage, VIP } from '../interop/election.ts';
import type { Side } from '../interop/pair.ts';
import { run, until } from './process.ts';

/** The addresses of the ipvlan interfaces, which advertisements are sent from. */
const OWN: Record<Side, string> = { a: '192.168.4.25', b: '192.168.4.26' };
const PATIENCE_SECONDS = 100;

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const text = (side: Side, priority: number) =>
  instanceText(priority, `use_ipvlan vrrp.50 ${OWN[side]}/24`).replace(`advert_int ${INTERVAL}`, 'advert_int 2');

/** What an interface of a side has; undefined: it is not there. */
async function addressesOf(side: Side, name: string): Promise<string[] | undefined> {
  const { code, stdout } = await run('ip', ['-n', stage.pair.namespaceOf(side), '-j', 'address', 'show', 'dev', name]);
  if (code !== 0) return undefined;
  const links = JSON.parse(stdout) as { addr_info?: { local: string }[] }[];
  return links.flatMap((link) => link.addr_info?.map(({ local }) => local) ?? []);
}

const has = (side: Side, name: string, address: string) =>
  until(`${name} of ${side} has ${address}`, PATIENCE_SECONDS * 1000, async () =>
    (await addressesOf(side, name))?.includes(address) ? true : undefined,
  );

it('advertises from an ipvlan with an address of its own, and is heard and followed by keepalived', async () => {
  const high = stage.pair.agent('a', 'holdfast', text('a', 150));
  high.start();
  await has('a', 'vrrp.50', OWN.a);
  await has('a', 'eth0', VIP);
  const { stdout } = await stage.pair.exec('a', 'ip', '-d', 'link', 'show', 'vrrp.50');
  expect(stdout).toMatch(/vrrp\.50@eth0: [\s\S]*ipvlan +mode l2 bridge/);
  stage.pair.agent('b', 'keepalived', text('b', 100)).start();
  await has('b', 'vrrp.50', OWN.b);
  await high.stop();
  expect(await addressesOf('a', 'vrrp.50')).toBeUndefined();
  await has('b', 'eth0', VIP);
  const speakers = stage.capture.advertisements.filter(({ priority }) => priority > 0).map(({ source }) => source);
  expect(new Set(speakers)).toEqual(new Set([OWN.a, OWN.b]));
});
