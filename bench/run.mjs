/** `npm run bench`: measures holdfast beside keepalived, A B A B, in one run on one machine. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { prepare, runAsProgram, say } from '../scripts/prepare.mjs';
import { page, picture, summarise } from './report.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `npm run bench -- [OPTION...]

holdfast and keepalived in turn, with the same files. Needs root. Three parts:
  failover    what a client sees of a planned stop, kill -9, a hang, a cut link and the return
  steadiness  how late advertisements are, and takeovers without a reason: idle, with 4 and 8 busy processes, during
              reloads of 10 000 real servers, under 10 000 checks, with 100 MB of garbage in the main process, and all at once
  rest        start-up, memory and processor time with 1, 100 and 255 instances

  --quick             one short run of each kind: a few minutes instead of hours
  --only PART         failover, steadiness or rest (default all); may be repeated
  --rounds N          runs of each kind (default 5); of steadiness, which takes long, a fifth of it
  --seconds N         how long steadiness is watched, each (default 60)
  --variant NAME      "v2 1 s", "v3 100 ms" or "v3 10 ms" (default all); may be repeated
  --event NAME        stop, mixed (the other agent takes over), kill, hang, link or return (default all); may be repeated
  --state NAME        idle, "4 busy", "8 busy", reloads, checks, churn or "all at once" (default all); may be repeated
  --agent NAME        of steadiness: holdfast or keepalived (default both)
  --instances N       of rest (default 1, 100 and 255); may be repeated
  --out DIR           where performance.md, performance.json and performance.svg go (default: only printed); with --only
                      what is not measured now stays as it is there: other parts, and rows of other variants and states
  --help              this text

Others: bench/config-test.mjs (reading of configurations), bench/many-instances.mjs, bench/soak.mjs (the guard under reloads,
restarts and pauses).
`;

const PARTS = ['failover', 'steadiness', 'rest'];

/** More than any single run of that part takes. */
const SECONDS_EACH = { failover: 30, steadiness: 60, rest: 90 };

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      variant: { type: 'string', multiple: true, default: [] },
      event: { type: 'string', multiple: true, default: [] },
      state: { type: 'string', multiple: true, default: [] },
      agent: { type: 'string', multiple: true, default: ['holdfast', 'keepalived'] },
      instances: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = values.only.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`unknown part ${unknown}: known are ${PARTS.join(', ')}`);
  await prepare({});
  const share = makeShare();
  try {
    const { quick, variant: variants } = values;
    const rounds = Number(values.rounds ?? (quick ? 1 : 5));
    const settings = {
      failover: { rounds, variants, events: values.event },
      steadiness: {
        rounds: Math.ceil(rounds / 5),
        seconds: Number(values.seconds ?? (quick ? 10 : 60)),
        variants,
        states: values.state,
        agents: values.agent,
        directory: share,
      },
      rest: {
        rounds,
        seconds: quick ? 10 : 30,
        instances: values.instances.length > 0 ? values.instances.map(Number) : quick ? [1] : [1, 100, 255],
      },
    };
    const result = values.only.length > 0 ? before(values.out) : {};
    for (const part of PARTS) {
      if (values.only.length > 0 && !values.only.includes(part)) continue;
      const where = machine();
      const runs = await runPart(part, settings[part], share);
      if (runs !== undefined) result[part] = measuredAgain(result[part], { machine: where, runs });
    }
    const text = page(result);
    process.stdout.write(`${text}\n`);
    if (values.out) {
      const at = (name) => join(resolve(values.out), name);
      mkdirSync(resolve(values.out), { recursive: true });
      writeFileSync(at('performance.json'), `${JSON.stringify(result)}\n`);
      writeFileSync(at('performance.md'), text);
      if (result.failover) writeFileSync(at('performance.svg'), picture(summarise(result.failover.runs)));
    }
    return 0;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

/** What is there from an earlier run, for the parts that are not measured now. */
function before(directory) {
  const file = directory === undefined ? undefined : join(resolve(directory), 'performance.json');
  return file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** What was measured now takes the place of the same rows of an earlier run; the other rows stay. */
function measuredAgain(earlier, latest) {
  const rowOf = ({ variant, event, state, instances }) =>
    variant === undefined ? `${instances} instances` : `${variant} ${event ?? state}`;
  const again = new Set(latest.runs.map(rowOf));
  const others = (earlier?.runs ?? []).filter((run) => !again.has(rowOf(run)));
  if (others.length === 0) return latest;
  const order = [...new Set([...earlier.runs, ...latest.runs].map(rowOf))];
  return {
    machine: earlier.machine,
    later: { ...earlier.later, ...Object.fromEntries([...again].map((row) => [row, latest.machine])) },
    runs: [...others, ...latest.runs].sort((a, b) => order.indexOf(rowOf(a)) - order.indexOf(rowOf(b))),
  };
}

/** The runs of a part; what was measured before something failed is kept. */
async function runPart(part, settings, share) {
  const json = join(share, `${part}.json`);
  const each = SECONDS_EACH[part] + (settings.seconds ?? 0);
  const exitCode = await runMeasurement({
    name: part,
    settings: { ...settings, json },
    share,
    timeoutSeconds: settings.rounds * 40 * each,
  });
  if (exitCode !== 0) say(`${part} ended with exit code ${exitCode}; what it had measured follows`);
  return existsSync(json) ? complete(part, JSON.parse(readFileSync(json, 'utf8'))) : undefined;
}

/** Of failovers both agents are needed for a ratio. */
function complete(part, runs) {
  if (part !== 'failover') return runs;
  const both = (run) =>
    new Set(runs.filter((one) => one.variant === run.variant && one.event === run.event).map(({ agent }) => agent))
      .size === 2;
  return runs.filter(both);
}

function machine() {
  const [first] = cpus();
  const load = loadavg().map((value) => value.toFixed(2));
  return `${cpus().length} processors (${first?.model.trim()}), Linux ${release()}, Node ${process.version}; load before: ${load.join(' ')}.`;
}

await runAsProgram(main);
