/** What the measurements of large tables have in common: options, programs of C beside the agents, the table of figures. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare } from '../scripts/lab.mjs';
import { checkout } from '../scripts/lab-kernel.mjs';
import { prepare } from '../scripts/prepare.mjs';
import { runMeasurement } from './sandbox.mjs';

export const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

/**
 * Runs `bench/NAME.ts` over large tables and prints what it measured. Resolves with the exit status.
 * @param help     the text of --help
 * @param options  of the command line, as parseArgs(3) takes them, besides those that all have
 * @param plan     what the run needs, of the values of the options and `build(SOURCE, ...OPTIONS)`, which makes a program of C:
 *                 settings, timeoutSeconds and where
 * @param table    the figures as text, of the runs
 */
export async function measureTables({ name, help, options = {}, plan, table }) {
  const { values } = parseArgs({
    options: {
      'virtual-servers': { type: 'string', default: '1000' },
      'real-servers': { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      ...options,
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  await prepare({});
  const share = makeShare();
  try {
    const build = (source, ...flags) => {
      const program = join(share, source.replace(/\.c$/, ''));
      execFileSync('gcc', ['-O2', '-o', program, join(checkout, 'bench', source), ...flags]);
      return program;
    };
    const standIn = build('ipvs-standin.c', '-shared', '-fPIC', '-ldl');
    const json = join(share, `${name}.json`);
    const rounds = Number(values.rounds);
    const sizes = { virtualServers: Number(values['virtual-servers']), realServers: Number(values['real-servers']) };
    const { settings = {}, ...run } = plan({ values, rounds, build });
    const exitCode = await runMeasurement({
      name,
      settings: { rounds, ...sizes, standIn, share, json, ...settings },
      share,
      ...run,
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
