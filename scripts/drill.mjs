/** `npm run drill`: prepares the machine, and runs test/lab/drill.ts in the lab. */

import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeShare, runInLab } from './lab.mjs';
import { checkout } from './lab-kernel.mjs';
import { prepare, runAsProgram, say } from './prepare.mjs';

const help = `npm run drill -- [OPTION...]

Builds the cluster of the LVS tutorials (a client, two directors, two real servers), takes away one part after the
other, and shows what happens and what the client sees of it. Needs root, and Debian for what it installs. Where the
kernel has no IPVS it starts a virtual machine (without KVM: slow, but everywhere).

  --mode dr|nat|tun             forwarding method: direct route (default), masquerading, tunnel
  --agent holdfast|keepalived   what runs on the directors (default holdfast)
  --config DIR                  director1.conf and director2.conf (default config/lvs-MODE)
  --json FILE                   also write the result to FILE
  --where auto|native|vm        on this kernel, in a virtual machine, or as needed (default)
  --help                        this text

Exit code: 0 everything as expected, 1 something not, 2 a wrong option.
`;

/** More than the slowest drill needs. */
const TIMEOUT_SECONDS = 600;

const choices = { mode: ['dr', 'nat', 'tun'], agent: ['holdfast', 'keepalived'], where: ['auto', 'native', 'vm'] };

function readOptions() {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'dr' },
      agent: { type: 'string', default: 'holdfast' },
      config: { type: 'string' },
      json: { type: 'string' },
      where: { type: 'string', default: 'auto' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  for (const [name, allowed] of Object.entries(choices)) {
    if (!allowed.includes(values[name]))
      throw new Error(`--${name}: expected ${allowed.join(', ')}, got '${values[name]}'`);
  }
  const config = values.config ? resolve(values.config) : join(checkout, 'config', `lvs-${values.mode}`);
  for (const director of ['director1', 'director2']) {
    const file = join(config, `${director}.conf`);
    if (!existsSync(file)) throw new Error(`--config: there is no ${file}`);
  }
  return { ...values, config };
}

async function main() {
  let options;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`drill: ${error.message}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  await prepare({ build: options.agent === 'holdfast' });
  const { build } = await import('esbuild');
  const share = makeShare();
  try {
    const program = join(share, 'drill.mjs');
    await build({
      absWorkingDir: checkout,
      entryPoints: ['test/lab/drill.ts'],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
    });
    const report = join(share, 'drill.json');
    const { mode, agent, config } = options;
    const settings = { mode, agent, config, json: report };
    const { exitCode, where, bootSeconds } = await runInLab({
      command: [process.execPath, program, JSON.stringify(settings)],
      where: options.where,
      timeoutSeconds: TIMEOUT_SECONDS,
      share,
      directory: checkout,
      say,
    });
    say(where === 'vm' ? `the virtual machine has ended; booting took it ${bootSeconds} s` : 'done');
    if (options.json && existsSync(report)) copyFileSync(report, options.json);
    return exitCode;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

await runAsProgram(main);
