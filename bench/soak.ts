/** The work of bench/soak.mjs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capture } from '../test/interop/capture.ts';
import { Holdfast, instanceText } from '../test/interop/holdfast.ts';
import { Cluster, VIRTUAL_IP } from '../test/lab/cluster.ts';
import { EchoProbe } from '../test/lab/probes.ts';
import { until } from '../test/lab/process.ts';

interface Settings {
  readonly reloads: number;
  readonly restarts: number;
  readonly pauses: number;
  readonly json: string;
}

const MASTER = '192.168.4.5';
const SECOND = '192.168.4.16';
/** Shorter than Master_Down_Interval of the other node, 3.6 s, and as long as the guard's limit. */
const PAUSE_MS = 2_000;

/** The guard's own line about what it did. */
const actsOf = ({ lines }: Holdfast): number => lines.filter((line) => line.includes('the guard acted')).length;

async function soak({ reloads, restarts, pauses, json }: Settings): Promise<void> {
  const cluster = await Cluster.build('dr');
  const capture = await Capture.start(cluster);
  const [master, backup] = [new Holdfast(cluster, 'director1'), new Holdfast(cluster, 'director2')];
  const text = (addresses: readonly string[]) => instanceText(addresses);
  master.configure(text([VIRTUAL_IP]));
  backup.configure(instanceText([VIRTUAL_IP]).replace('priority 254', 'priority 100'));
  try {
    master.start();
    await master.says('Entering MASTER', 60_000);
    backup.start();
    await backup.says('Entering BACKUP', 60_000);
    await sleep(3_000);
    const since = capture.advertisements.length;
    const echo = await EchoProbe.answered(cluster);
    for (let n = 0; n < reloads; n++) {
      master.configure(text(n % 2 === 0 ? [VIRTUAL_IP, SECOND] : [VIRTUAL_IP]));
      const before = master.lines.length;
      master.signal('SIGHUP');
      await master.says('Reload complete', 30_000, before);
      if (n % 100 === 99) process.stderr.write(`${n + 1} reloads, ${echo.lost} lost\n`);
    }
    for (let n = 0; n < restarts; n++) {
      const { code, stderr } = await master.command('restart', '--run-dir', master.runDirectory);
      if (code !== 0) throw new Error(`restart ${n + 1}: ${stderr}${master.lines.slice(-40).join('\n')}`);
      if (n % 10 === 9) process.stderr.write(`${n + 1} restarts, ${echo.lost} lost\n`);
    }
    const { lost } = echo;
    for (let n = 0; n < pauses; n++) {
      const pids = await cluster.processes('director1');
      for (const signal of ['SIGSTOP', 'SIGCONT'] as const) {
        for (const pid of pids) process.kill(pid, signal);
        if (signal === 'SIGSTOP') await sleep(PAUSE_MS);
      }
      await until('it advertises again', 10_000, () =>
        (capture.last(MASTER)?.at ?? 0) * 1000 > Date.now() - 500 ? true : undefined,
      );
      await sleep(1_500);
      process.stderr.write(`${n + 1} pauses\n`);
    }
    await echo.stop();
    const heard = capture.advertisements.slice(since);
    const takeovers = heard.filter(({ source }, i) => source !== MASTER && heard[i - 1]?.source === MASTER).length;
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
    const result = { reloads, restarts, pauses, withdrawals: actsOf(master), takeovers, lost, load };
    writeFileSync(json, JSON.stringify(result));
  } finally {
    for (const agent of [master, backup]) await agent.stop();
    await capture.stop();
    cluster.close();
  }
}

await soak(JSON.parse(process.argv[2] ?? '{}') as Settings);
