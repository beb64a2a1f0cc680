/** A restart of the agent with services: the table, what is known of the real servers and every connection stay. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Holdfast, instanceText } from '../interop/holdfast.ts';
import { Cluster, VIRTUAL_IP } from './cluster.ts';
import { HttpProbe } from './probes.ts';
import { until } from './process.ts';

const PATIENCE_MS = 60_000;
/** Looking starts a program: where the processor is emulated that must not take the time from what is looked at. */
const LOOK_EVERY_MS = 250;

const SERVICE = `virtual_server ${VIRTUAL_IP} 80 {
 delay_loop 1
 lb_algo rr
 lb_kind DR
 protocol TCP
 ${['192.168.4.100', '192.168.4.200']
   .map(
     (address) => `real_server ${address} 80 {
  weight 1
  TCP_CHECK {
   connect_timeout 1
   retry 0
  }
 }`,
   )
   .join('\n ')}
}
`;

let cluster: Cluster;
let holdfast: Holdfast;

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  holdfast = new Holdfast(cluster, 'director1');
  holdfast.configure(`${instanceText([VIRTUAL_IP])}${SERVICE}`);
  holdfast.start();
  await holdfast.says('Entering MASTER', PATIENCE_MS);
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${holdfast.lines.join('\n')}\n`);
  await holdfast.stop();
  cluster.close();
});

it('keeps the table as it is, a server that is down included, and no request fails', async () => {
  await cluster.killServer('rs2');
  const table = () => cluster.ipvs('director1');
  await until('rs2 is out', PATIENCE_MS, async () =>
    (await table())[0]?.destinations.length === 1 ? true : undefined,
  );
  const drained = await holdfast.command('weight', '192.168.4.100:80', '7', '--run-dir', holdfast.runDirectory);
  expect(drained).toMatchObject({ code: 0 });
  const before = await table();
  expect(before[0]?.destinations).toMatchObject([{ id: '192.168.4.100:80', weight: 7 }]);
  const http = new HttpProbe(cluster);
  await http.next(10, PATIENCE_MS);
  const seen = new Set<string>();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      seen.add(JSON.stringify(await table()));
      await sleep(LOOK_EVERY_MS);
    }
  })();
  try {
    const restart = holdfast.command('restart', '--run-dir', holdfast.runDirectory);
    expect(await restart).toMatchObject({ code: 0, stderr: '' });
    await http.next(20, PATIENCE_MS);
  } finally {
    isOver = true;
    await watching;
  }
  expect([...seen]).toEqual([JSON.stringify(before)]);
  const { failed } = http.take();
  await http.stop();
  expect(failed).toBe(0);
  expect((await holdfast.status())?.virtualServers[0]?.realServers).toMatchObject([
    { id: '192.168.4.100:80', healthy: true, effectiveWeight: 7, override: 7 },
    { id: '192.168.4.200:80', healthy: false, inTable: false },
  ]);
});
