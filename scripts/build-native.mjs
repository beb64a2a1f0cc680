// Compiles native/ into native/build/Release/: holdfast.node, the addon, and holdfast-guard, with node-gyp, against the headers beside the running Node
// where there are any (no network then). Does nothing when the result is up to date. `--force` builds in any case.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'native');
const output = join(folder, 'build', 'Release', 'holdfast.node');
const guard = join(folder, 'build', 'Release', 'holdfast-guard');
const stamp = join(folder, 'build', 'built-for.txt');

const tools = developmentTools();
const builtFor = [process.version, process.arch, `node-addon-api ${tools?.addonApi}`].join(' ');

/** What compiling takes from node_modules; undefined when it is not installed. */
function developmentTools() {
  try {
    return { addonApi: require('node-addon-api').version, nodeGyp: require.resolve('node-gyp/bin/node-gyp.js') };
  } catch {
    return undefined;
  }
}

const changedAt = (path) => statSync(path).mtimeMs;

/** What stands between us and an up-to-date result: nothing, a compilation, or everything anew. */
function work() {
  if (process.argv.includes('--force') || !existsSync(output) || !existsSync(guard) || !existsSync(stamp))
    return 'rebuild';
  if (readFileSync(stamp, 'utf8') !== builtFor) return 'rebuild';
  const builtAt = changedAt(stamp);
  if (changedAt(join(folder, 'binding.gyp')) > builtAt) return 'rebuild';
  const sources = readdirSync(folder, { recursive: true }).filter((name) => /^(?!build\/).*\.(cc|c|h)$/.test(name));
  return sources.some((name) => changedAt(join(folder, name)) > builtAt) ? 'build' : 'nothing';
}

/** The folder that holds include/node with the headers of this very version, or undefined. */
function headers() {
  const candidate = join(dirname(process.execPath), '..');
  const file = join(candidate, 'include', 'node', 'node_version.h');
  if (!existsSync(file) || !existsSync(join(dirname(file), 'uv.h'))) return undefined;
  const text = readFileSync(file, 'utf8');
  const number = (part) => text.match(new RegExp(`#define NODE_${part}_VERSION (\\d+)`))?.[1];
  const version = `v${['MAJOR', 'MINOR', 'PATCH'].map(number).join('.')}`;
  return version === process.version ? candidate : undefined;
}

function compile(command) {
  const nodedir = headers();
  const args = [tools.nodeGyp, command, '--release', '--jobs=max'];
  if (nodedir !== undefined) args.push(`--nodedir=${nodedir}`);
  const startedAt = new Date();
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0 || !existsSync(output)) {
    process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? `${run.error.message}\n` : ''}`);
    process.stderr.write('native/ does not build; it takes g++, make and python3\n');
    process.exitCode = 1;
    return;
  }
  writeFileSync(stamp, builtFor);
  utimesSync(stamp, startedAt, startedAt); // what was changed meanwhile is not in it
  process.stdout.write(`built native/ in ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s\n`);
}

const command = work();
if (tools === undefined) {
  process.stderr.write('node-gyp and node-addon-api are not installed: run `npm ci` first\n');
  process.exitCode = 1;
} else if (command === 'nothing') process.stdout.write('native/ is up to date\n');
else compile(command);
