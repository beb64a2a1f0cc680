/** `node bench/programming.mjs`: a large table into the kernel's IPVS, holdfast beside keepalived and ipvsadm, in the lab. */
import { runAsProgram } from '../scripts/prepare.mjs';
import { measureTables, median } from './table-measurement.mjs';

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

await runAsProgram(() =>
  measureTables({
    name: 'programming',
    help,
    table,
    plan: ({ rounds }) => ({ timeoutSeconds: 60 + rounds * 300, where: 'auto' }),
  }),
);
