/** use_ipvlan beside the real keepalived, in both roles, on a kernel that has ipvlan. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { instanceText, pairs, Stage, VIP } from '../interop/election.ts';
import type { Side } from '../interop/pair.ts';
import { run, until } from './process.ts';

/** The addresses of the ipvlan interfaces, which advertisements are sent from. */
const OWN: Record<Side, string> = { a: '192.168.4.25', b: '192.168.4.26' };

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const text = (side: Side, priority: number) => instanceText(priority, `use_ipvlan vrrp.50 ${OWN[side]}/24`);

/** What is on an interface of a side; undefined: there is none of that name. */
async function addressesOf(side: Side, name: string): Promise<string[] | undefined> {
  const { code, stdout } = await run('ip', ['-n', stage.pair.namespaceOf(side), '-j', 'address', 'show', 'dev', name]);
  if (code !== 0) return undefined;
  const links = JSON.parse(stdout) as { addr_info?: { local: string }[] }[];
  return links.flatMap((link) => link.addr_info?.map(({ local }) => local) ?? []);
}

const speaks = (side: Side, since: number) =>
  stage.capture.first(`${side} speaks`, 30_000, ({ source, priority }) => source === OWN[side] && priority > 0, since);

it.each(pairs)('use_ipvlan: %s with priority 150 beside %s with priority 100', async (first, second) => {
  const high = stage.pair.agent('a', first, text('a', 150));
  stage.pair.agent('b', second, text('b', 100)).start();
  await speaks('b', 0);
  await stage.pair.settled(VIP, 'b', 30);
  high.start();
  await stage.pair.settled(VIP, 'a', 30);
  expect(await addressesOf('a', 'vrrp.50')).toEqual(expect.arrayContaining([OWN.a, VIP]));
  const { stdout } = await stage.pair.exec('a', 'ip', '-d', 'link', 'show', 'vrrp.50');
  expect(stdout).toMatch(/vrrp\.50@eth0: [\s\S]*ipvlan +mode l2 bridge/);
  expect(await stage.speakers(5)).toEqual(new Set([OWN.a]));

  const since = stage.now;
  await high.stop();
  await speaks('b', since);
  await until('the interface is gone', 30_000, async () =>
    (await addressesOf('a', 'vrrp.50')) === undefined ? true : undefined,
  );
  await stage.pair.settled(VIP, 'b', 30);
});
