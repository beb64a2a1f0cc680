/** Runs a measurement of this directory as root in namespaces of its own, or on a kernel with IPVS. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { runInLab } from '../scripts/lab.mjs';
import { checkout } from '../scripts/lab-kernel.mjs';
import { say } from '../scripts/prepare.mjs';
import { inServiceEnvironment } from './service-environment.mjs';

/**
 * Bundles `bench/NAME.ts` and runs it with the settings as its argument.
 * @param share  a directory that the program may write
 * @param where  'sandbox', or 'auto' for a kernel that has IPVS
 * @returns its exit code; 124 after the timeout
 */
export async function runMeasurement({ name, settings, share, timeoutSeconds, where = 'sandbox' }) {
  const program = join(share, `${name}.mjs`);
  await build({
    absWorkingDir: checkout,
    entryPoints: [`bench/${name}.ts`],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // what finds other files by its own place finds them from there
    define: { 'import.meta.dirname': JSON.stringify(join(checkout, 'test/interop')) },
  });
  const { exitCode } = await runInLab({
    command: inServiceEnvironment([process.execPath, program, JSON.stringify(settings)]),
    where,
    timeoutSeconds,
    share,
    directory: checkout,
    say,
  });
  return exitCode;
}
