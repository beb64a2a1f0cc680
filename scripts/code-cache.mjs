/**
 * What V8 compiles of the bundles while a process starts, kept in files beside them: it need not be compiled again then. Each kind
 * of process is run once, as far as it goes without touching the network or IPVS. `npm run build` does it.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { checkout } from './lab-kernel.mjs';

const PROGRAM = join(checkout, 'scripts', 'code-cache-process.cjs');
/** No process takes a second. */
const PATIENCE_MS = 20_000;

/**
 * Without them everything works, only more slowly: what goes wrong is said and no more.
 * @param node the Node that they are for
 * @param tree the folder with bin/, dist/ and the addon
 */
export async function writeCodeCaches({ node = process.execPath, tree = checkout } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-build-'));
  const options = JSON.parse(readFileSync(join(checkout, 'src', 'daemon', 'node-options.json'), 'utf8'));
  const env = { ...process.env, HOLDFAST_TREE: tree };
  const roles = Object.entries(options).map(([role, execArgv]) => runRole(role, { execPath: node, execArgv, env }));
  for (const { reason } of await Promise.allSettled([runMain(folder, node, env), ...roles])) {
    if (reason) process.stderr.write(`no compiled code is kept, a process starts more slowly: ${reason.message}\n`);
  }
  rmSync(folder, { recursive: true });
}

/** The agent itself, with a file full of virtual servers and without the process that would serve them (-P). */
async function runMain(folder, node, env) {
  const file = join(folder, 'holdfast.conf');
  writeFileSync(file, sample(200));
  const words = ['-n', '-l', '-P', '-f', file, '-p', join(folder, 'pid'), '--run-dir', join(folder, 'run')];
  const child = spawn(node, [PROGRAM, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await ended(child, 'the agent', (line) => {
    if (line.includes('event=started')) child.kill('SIGTERM');
  });
}

/** A process that loses the agent at once, and ends. */
async function runRole(role, options) {
  const child = fork(PROGRAM, [`@${role}`], { ...options, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  child.disconnect();
  await ended(child, `the ${role} process`);
}

async function ended(child, name, onLine = () => {}) {
  let problem = '';
  const lines = createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^\w*Error: |level=error/.test(line)) problem ||= line;
    onLine(line);
  });
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [[status, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  clearTimeout(late);
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? status}: ${problem}`);
}

function sample(count) {
  const servers = Array.from({ length: count }, (_, n) => {
    const real = (last) =>
      ` real_server 192.0.2.${last} 80 {\n  weight 1\n  TCP_CHECK {\n   connect_timeout 3\n  }\n }\n`;
    const head = ` delay_loop 6\n lb_algo rr\n lb_kind DR\n protocol TCP\n`;
    return `virtual_server 198.51.100.${n} 80 {\n${head}${real(1)}${real(2)}}\n`;
  });
  return servers.join('');
}
