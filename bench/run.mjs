/** `npm run bench`: measures holdfast beside keepalived, A B A B, in one run on one machine. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, makeShare } from '../scripts/lab.mjs';
import { prepare, say } from '../scripts/prepare.mjs';
import { picture, summarise, table } from './report.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `npm run bench -- [OPTION...]

Two directors on one segment; holdfast and keepalived in turn; what a client sees of a planned stop, kill -9, a hang, a
cut link and the return. Needs root. bench/config-test.mjs measures the reading of configurations.

  --rounds N          runs of each kind (default 5)
  --variant NAME      "v2 1 s", "v3 100 ms" or "v3 10 ms" (default all); may be repeated
  --event NAME        stop, kill, hang, link or return (default all); may be repeated
  --out DIR           where failover.json, failover.md and failover.svg go (default: only printed)
  --help              this text
`;

/** A run of v2 at 1 s takes up to this long. */
const SECONDS_EACH = 25;

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      variant: { type: 'string', multiple: true, default: [] },
      event: { type: 'string', multiple: true, default: [] },
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
    const json = join(share, 'failover.json');
    const rounds = Number(values.rounds);
    const exitCode = await runMeasurement({
      name: 'failover',
      settings: { rounds, variants: values.variant, events: values.event, json },
      share,
      timeoutSeconds: rounds * 30 * SECONDS_EACH,
    });
    if (exitCode !== 0) return exitCode;
    const runs = JSON.parse(readFileSync(json, 'utf8'));
    const rows = summarise(runs);
    process.stdout.write(`${table(rows)}\n`);
    if (values.out) {
      const at = (name) => join(resolve(values.out), name);
      mkdirSync(resolve(values.out), { recursive: true });
      writeFileSync(at('failover.json'), `${JSON.stringify({ rows, runs }, undefined, 1)}\n`);
      writeFileSync(at('failover.md'), `${table(rows)}\n`);
      writeFileSync(at('failover.svg'), picture(rows));
    }
    return 0;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.exitCode = exitCodeOf(error);
}
