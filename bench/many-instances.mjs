/** `node bench/many-instances.mjs`: hundreds of virtual routers on one segment, and whether an advertisement is missed. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { prepare, runAsProgram } from '../scripts/prepare.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `node bench/many-instances.mjs [OPTION...]

Two nodes on one segment, each MASTER of half of the virtual routers (VRRP version 3). Counts what the segment saw.
Needs root. Exit status 1: an advertisement was missed, or somebody else than the one MASTER spoke.

  --instances N       virtual routers, 1-255 (default 255)
  --interval SECONDS  Advertisement_Interval; may be repeated (default 1 and 0.1)
  --seconds N         how long is watched, each (default 60)
  --agent NAME        holdfast or keepalived; may be repeated (default holdfast)
  --out FILE          the results as JSON
  --help              this text
`;

const row = ({
  agent,
  interval,
  seconds,
  advertisements,
  missed,
  disputed,
  changes,
  dropped,
  late,
  ownLate,
  cpu,
  load,
}) =>
  `${agent}, ${interval} s, ${seconds} s long: ${advertisements} advertisements, ${missed} missed, ` +
  `${disputed} disputed, ${changes} changes of state, ${dropped} dropped; ` +
  `late p50 ${late.p50.toFixed(2)}, p99 ${late.p99.toFixed(2)}, p99.9 ${late.p999.toFixed(2)}, max ${late.max.toFixed(2)} ms, ` +
  `by their own account at most ${ownLate.map((ms) => ms.toFixed(2)).join(' and ')} ms; ` +
  `processor ${cpu.map((share) => `${share.toFixed(1)} %`).join(' and ')}; load ${load}`;

async function main() {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '255' },
      interval: { type: 'string', multiple: true, default: ['1', '0.1'] },
      seconds: { type: 'string', default: '60' },
      agent: { type: 'string', multiple: true, default: ['holdfast'] },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  await prepare({});
  const results = [];
  for (const interval of values.interval.map(Number)) {
    for (const agent of values.agent) results.push(await measure(agent, interval, values));
  }
  if (values.out) writeFileSync(values.out, `${JSON.stringify(results, undefined, 1)}\n`);
  return results.every(({ missed, disputed, changes }) => missed + disputed + changes === 0) ? 0 : 1;
}

async function measure(agent, interval, { instances, seconds }) {
  const share = makeShare();
  try {
    const json = join(share, 'result.json');
    const settings = { agent, interval, instances: Number(instances), seconds: Number(seconds), json };
    const exitCode = await runMeasurement({
      name: 'many-instances',
      settings: { ...settings, captureFile: join(share, 'capture.pcap') },
      share,
      timeoutSeconds: settings.seconds + 20 * interval + 180,
    });
    if (exitCode !== 0) throw new Error(`the measurement ended with exit code ${exitCode}`);
    const result = JSON.parse(readFileSync(json, 'utf8'));
    process.stdout.write([row(result), ...result.said, ''].join('\n'));
    return result;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

await runAsProgram(main);
