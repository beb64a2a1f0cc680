/** `node bench/scale.mjs`: thousands of real servers and their checks, holdfast beside keepalived, natively. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { checkout } from '../scripts/lab-kernel.mjs';
import { prepare, runAsProgram } from '../scripts/prepare.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `node bench/scale.mjs [OPTION...]

Virtual servers with many real servers, each checked by TCP_CHECK, over a stand-in for the kernel's IPVS: the time until
the table is complete, a reload with one changed server, the checks. holdfast and keepalived in turn. Needs root.

  --virtual-servers N   (default 1000)
  --real-servers N      of each (default 10)
  --delay-loop SECONDS  (default 6)
  --seconds N           how long checks are watched (default 30)
  --rounds N            (default 3)
  --agent NAME          holdfast or keepalived; may be repeated (default both)
  --out FILE            the runs as JSON
  --help                this text
`;

const rows = [
  ['exec to first command, ms', (run) => run.firstCommandMs],
  ['exec to complete table, ms', (run) => run.completeMs],
  ['of which programming, ms', (run) => run.completeMs - run.firstCommandMs],
  ['processor until then, s', (run) => run.cpuUntilComplete],
  ['checks/s', (run) => run.checksPerSecond],
  ['check off its time, p50 ms', (run) => run.off.p50],
  ['check off its time, p99 ms', (run) => run.off.p99],
  ['check off its time, max ms', (run) => run.off.max],
  ['processor for a check, us', (run) => run.cpuPerCheckUs],
  ['processor, %', (run) => run.cpuPercent],
  ['PSS, MiB', (run) => run.pssMiB],
  ['reload to change, ms', (run) => run.reloadMs],
  ['commands of the reload', (run) => run.reloadCommands],
  ['stop, ms', (run) => run.stopMs],
];

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
const short = (number) => (typeof number !== 'number' ? '-' : number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0));

/** Medians of each agent, and holdfast's as a multiple of keepalived's. */
function table(runs) {
  const of = (agent, value) => median(runs.filter((run) => run.agent === agent).map(value));
  const lines = rows.map(([name, value]) => {
    const [ours, theirs] = [of('holdfast', value), of('keepalived', value)];
    const ratio = typeof ours !== 'number' || !theirs ? '-' : (ours / theirs).toFixed(2);
    return `| ${name} | ${short(ours)} | ${short(theirs)} | ${ratio} |`;
  });
  return ['| median | holdfast | keepalived | ratio |', '|---|---|---|---|', ...lines].join('\n');
}

async function main() {
  const { values } = parseArgs({
    options: {
      'virtual-servers': { type: 'string', default: '1000' },
      'real-servers': { type: 'string', default: '10' },
      'delay-loop': { type: 'string', default: '6' },
      seconds: { type: 'string', default: '30' },
      rounds: { type: 'string', default: '3' },
      agent: { type: 'string', multiple: true, default: ['keepalived', 'holdfast'] },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  await prepare({});
  const share = makeShare();
  try {
    const [standIn, json] = [join(share, 'ipvs-standin.so'), join(share, 'scale.json')];
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', standIn, join(checkout, 'bench/ipvs-standin.c'), '-ldl']);
    const listener = join(share, 'accept-all');
    execFileSync('gcc', ['-O2', '-o', listener, join(checkout, 'bench/accept-all.c')]);
    const [rounds, seconds, delayLoop] = [values.rounds, values.seconds, values['delay-loop']].map(Number);
    const sizes = { virtualServers: Number(values['virtual-servers']), realServers: Number(values['real-servers']) };
    const exitCode = await runMeasurement({
      name: 'scale',
      settings: { agents: values.agent, rounds, ...sizes, delayLoop, seconds, standIn, listener, share, json },
      share,
      timeoutSeconds: rounds * values.agent.length * (seconds + 2 * delayLoop + 180),
    });
    if (exitCode !== 0) throw new Error(`the measurement ended with exit code ${exitCode}`);
    const runs = JSON.parse(readFileSync(json, 'utf8'));
    process.stdout.write(`${table(runs)}\n`);
    if (values.out) writeFileSync(values.out, `${JSON.stringify(runs, undefined, 1)}\n`);
    return 0;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

await runAsProgram(main);
