/** `node bench/programming.mjs`: a large table into the kernel's IPVS, holdfast beside keepalived and ipvsadm, in the lab. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { checkout } from '../scripts/lab-kernel.mjs';
import { prepare, runAsProgram } from '../scripts/prepare.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `node bench/programming.mjs [OPTION...]

Programs many virtual servers with their real servers into the kernel's IPVS: keepalived, holdfast and ipvsadm -R in turn, on this
kernel or in a virtual machine, whose times are only good as ratios. Needs root.

  --virtual-servers N   (default 1000)
  --real-servers N      of each (default 10)
  --rounds N            (default 3)
  --out FILE            the runs as JSON
  --help                this text
`;

const PROGRAMS = ['holdfast', 'keepalived', 'ipvsadm'];
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

/** Medians of each program, and holdfast's as a multiple of the others'. */
function table(runs) {
  const rows = [
    ['exec to complete table, ms', (run) => run.completeMs],
    ['of which programming, ms', (run) => run.programmingMs],
  ].map(([name, value]) => {
    const [ours, ...theirs] = PROGRAMS.map((program) =>
      median(runs.filter((run) => run.program === program).map(value)),
    );
    const figures = [ours, ...theirs].map((figure) => figure.toFixed(0));
    return `| ${[name, ...figures, ...theirs.map((one) => (ours / one).toFixed(2))].join(' | ')} |`;
  });
  const repair = median(runs.flatMap(({ repairMs = [] }) => repairMs));
  rows.push(`| ipvsadm -C until it is repaired, ms | ${repair.toFixed(0)} | - | - | - | - |`);
  return ['| median | holdfast | keepalived | ipvsadm -R | ratio | ratio |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

async function main() {
  const { values } = parseArgs({
    options: {
      'virtual-servers': { type: 'string', default: '1000' },
      'real-servers': { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
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
    const [standIn, json] = [join(share, 'ipvs-standin.so'), join(share, 'programming.json')];
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', standIn, join(checkout, 'bench/ipvs-standin.c'), '-ldl']);
    const rounds = Number(values.rounds);
    const sizes = { virtualServers: Number(values['virtual-servers']), realServers: Number(values['real-servers']) };
    const exitCode = await runMeasurement({
      name: 'programming',
      settings: { rounds, ...sizes, standIn, share, json },
      share,
      timeoutSeconds: 60 + rounds * 300,
      where: 'auto',
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
