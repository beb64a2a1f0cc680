/** SIGHUP: an equal configuration touches nothing, a changed one only what changed, a broken one is refused (P5). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from '../lab/cluster.ts';
import { Background, until } from '../lab/process.ts';
import { Capture } from './capture.ts';
import { Holdfast, instanceText } from './holdfast.ts';

const SECOND = '192.168.4.16';
/** An address that comes and goes to see whether anybody watches. */
const PROBE = '192.168.4.99';

let cluster: Cluster;
let holdfast: Holdfast;
let capture: Capture;
/** What `ip monitor address` says, while it runs. */
let changes: string[];
let monitor: Background;

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  capture = await Capture.start(cluster);
  holdfast = new Holdfast(cluster, 'director1');
  holdfast.configure(instanceText([VIRTUAL_IP]));
  holdfast.start();
  await until('it is master', 10_000, async () =>
    (await cluster.addresses('director1')).includes(VIRTUAL_IP) ? true : undefined,
  );
  changes = [];
  let listening = false;
  monitor = new Background(...cluster.inNode('director1', ['ip', '-o', 'monitor', 'address']), (line) => {
    if (line.includes(PROBE)) listening = true;
    // the kernel's own link-local addresses come when they like
    else if (line.includes(' inet ')) changes.push(line);
  });
  // the monitor is deaf until it has opened its socket: it has when it sees a change of our own
  await until('the monitor listens', 10_000, async () => {
    await cluster.exec('director1', 'ip', 'address', 'add', `${PROBE}/32`, 'dev', 'lo');
    await cluster.exec('director1', 'ip', 'address', 'del', `${PROBE}/32`, 'dev', 'lo');
    return listening ? true : undefined;
  });
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail')
    process.stderr.write(`${holdfast.lines.join('\n')}\n${changes.join('\n')}\n`);
  monitor.signal('SIGTERM');
  await monitor.ended;
  await holdfast.stop();
  await capture.stop();
  cluster.close();
});

const reload = async () => {
  const since = holdfast.lines.length;
  holdfast.signal('SIGHUP');
  return until('the reload is answered', 10_000, () =>
    holdfast.lines.slice(since).find((line) => /Reload complete|reload refused/.test(line)),
  );
};

/** Two more advertisements: whatever the reload led to has happened. */
const twoMoreAdvertisements = async () => {
  const seen = capture.advertisements.length;
  await until('two advertisements', 10_000, () => (capture.advertisements.length >= seen + 2 ? true : undefined));
};

describe('reload', () => {
  it('with an equal configuration performs no operation on addresses and breaks no rhythm', async () => {
    expect(await reload()).toContain('Reload complete');
    await twoMoreAdvertisements();
    expect(changes).toEqual([]);
    const gaps = capture.advertisements.slice(1).map(({ at }, i) => at - (capture.advertisements[i]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(1.5);
    expect((await holdfast.status())?.instances[0]).toMatchObject({ state: 'MASTER', transitions: 2 });
  });

  it('with another address adds that one and touches no other', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP, SECOND]));
    expect(await reload()).toContain('Reload complete');
    await until('the address is there', 10_000, async () =>
      (await cluster.addresses('director1')).includes(SECOND) ? true : undefined,
    );
    holdfast.configure(instanceText([SECOND]));
    expect(await reload()).toContain('Reload complete');
    await until('the first is away', 10_000, async () =>
      (await cluster.addresses('director1')).includes(VIRTUAL_IP) ? undefined : true,
    );
    await twoMoreAdvertisements();
    const words = changes.map((line) => `${line.startsWith('Deleted') ? '-' : '+'}${/inet ([\d.]+)/.exec(line)?.[1]}`);
    expect(words).toEqual([`+${SECOND}`, `-${VIRTUAL_IP}`]);
    expect((await holdfast.status())?.instances[0]).toMatchObject({ state: 'MASTER', transitions: 2 });
  });

  it('with errors is refused: the running configuration stays, and status says so', async () => {
    holdfast.configure(`${instanceText([SECOND])}vrrp_instance {\n`);
    expect(await reload()).toContain('reload refused');
    await twoMoreAdvertisements();
    expect(changes).toEqual([]);
    expect((await holdfast.status())?.agent.warnings.join()).toContain('reload refused');
  });

  it('without the instance gives up mastership with priority 0', async () => {
    holdfast.configure('');
    expect(await reload()).toContain('Reload complete');
    await capture.first('priority 0', 5_000, (advertisement) => advertisement.priority === 0);
    await until('the address is away', 5_000, async () =>
      (await cluster.addresses('director1')).includes(VIRTUAL_IP) ? undefined : true,
    );
  });
});
