/**
 * `node bench/soak.mjs`: does the guard ever act without need, and does anybody notice? Two nodes with holdfast, and on the
 * MASTER a thousand reloads, a hundred restarts and twenty pauses of all of its processes together.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { prepare, runAsProgram } from '../scripts/prepare.mjs';
import { runMeasurement } from './sandbox.mjs';

const help = `node bench/soak.mjs [OPTION...]

  --reloads N    (default 1000) every other one with an address more or less
  --restarts N   (default 100) holdfast restart
  --pauses N     (default 20) of all processes of the node, for two seconds
  --help         this text

Exit status 1: the guard acted, the other node took over without need, or an echo request was lost over a reload or restart.
`;

async function main() {
  const { values } = parseArgs({
    options: {
      reloads: { type: 'string', default: '1000' },
      restarts: { type: 'string', default: '100' },
      pauses: { type: 'string', default: '20' },
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
    const json = join(share, 'soak.json');
    const [reloads, restarts, pauses] = [values.reloads, values.restarts, values.pauses].map(Number);
    const timeoutSeconds = 300 + reloads * 2 + restarts * 15 + pauses * 15;
    const settings = { reloads, restarts, pauses, json };
    const exitCode = await runMeasurement({ name: 'soak', settings, share, timeoutSeconds });
    if (exitCode !== 0) return exitCode;
    const result = JSON.parse(readFileSync(json, 'utf8'));
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    const { withdrawals, takeovers, lost } = result;
    return withdrawals === 0 && takeovers === 0 && lost === 0 ? 0 : 1;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

await runAsProgram(main);
