/** `npm run differential`: lives of virtual routers in holdfast and keepalived beside each other, as many as wanted. */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeShare, runInLab } from './lab.mjs';
import { checkout } from './lab-kernel.mjs';
import { prepare, runAsProgram, say } from './prepare.mjs';

const help = `npm run differential -- [OPTION...]

The same things happen to holdfast and to keepalived in namespaces of their own; what they tell is compared, and what
differs is printed with its seed. Needs root. \`npm test\` has the first 500.

  --count N    how many lives (default 500)
  --seed N     the seed of the first one (default 1)
  --help       this text
`;

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  await prepare({});
  process.env.HOLDFAST_DIFFERENTIAL_COUNT = values.count;
  process.env.HOLDFAST_DIFFERENTIAL_SEED = values.seed;
  const share = makeShare();
  try {
    const vitest = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'differential',
      'test/interop/differential.test.ts',
    ];
    const { exitCode } = await runInLab({
      command: [process.execPath, ...vitest, `--testTimeout=${3_600_000}`],
      where: 'sandbox',
      timeoutSeconds: 3_600,
      share,
      directory: checkout,
      say,
    });
    return exitCode;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

await runAsProgram(main);
