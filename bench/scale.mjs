/** `node bench/scale.mjs`: thousands of real servers and their checks, holdfast beside keepalived, natively. */
import { runAsProgram } from '../scripts/prepare.mjs';
import { measureTables, median } from './table-measurement.mjs';

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

await runAsProgram(() =>
  measureTables({
    name: 'scale',
    help,
    table,
    options: {
      'delay-loop': { type: 'string', default: '6' },
      seconds: { type: 'string', default: '30' },
      agent: { type: 'string', multiple: true, default: ['keepalived', 'holdfast'] },
    },
    plan: ({ values, rounds, build }) => {
      const [seconds, delayLoop, agents] = [Number(values.seconds), Number(values['delay-loop']), values.agent];
      return {
        settings: { agents, delayLoop, seconds, listener: build('accept-all.c') },
        timeoutSeconds: rounds * agents.length * (seconds + 2 * delayLoop + 180),
      };
    },
  }),
);
