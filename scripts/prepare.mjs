/**
 * Makes a fresh machine ready for the build, the tests and the lab, and says what it does.
 *
 *   node scripts/prepare.mjs
 *
 * Debian 12 as root: missing packages are installed (none is ever removed). Elsewhere the missing ones are named, and
 * what can go on goes on. Then the npm dependencies, where they differ from package-lock.json, and the build.
 * Uses nothing but Node itself, because it runs before anything is installed. Progress goes to stderr.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodeOf, whyNotNative } from './lab.mjs';
import { checkout, isInstalled } from './lab-kernel.mjs';

/** Debian packages by what needs them. */
const packages = {
  build: ['g++', 'make', 'python3'],
  lab: ['iproute2', 'ipvsadm', 'nftables', 'keepalived', 'frr', 'tcpdump', 'kmod', 'iputils-ping', 'curl', 'zsh'],
  /** What checkers are tried against; none of them is left running. */
  servers: ['nginx-light', 'exim4-daemon-light', 'unbound', 'redis-server', 'postgresql', 'mariadb-server', 'slapd'],
  /** Only where the lab cannot use this machine's kernel. */
  machine: ['qemu-system-x86'],
};

const startedAt = performance.now();

/** A line of progress with the seconds since the start of this process. */
export function say(line) {
  const elapsed = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${elapsed} s  ${line}\n`);
}

/**
 * Prepares this machine.
 * @param build  compile the addon and bundle the program
 * @param lab    the lab will be used: also a virtual machine monitor, where the kernel has no IPVS
 * @returns { complete }: false when something is missing that could not be installed, each having been named.
 * Throws with a sentence when npm or the build fails.
 */
export async function prepare({ build = true, lab = true } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  }
  const missing = await installPackages({ build, lab });
  await installDependencies();
  if (build) {
    say('building holdfast (npm run build)');
    await run('npm', ['run', '--silent', 'build'], 'the build failed');
  }
  return { complete: missing.length === 0 };
}

/** Installs what is missing where that is possible; returns the packages that are missing afterwards. */
async function installPackages({ build, lab }) {
  const wanted = [...(build ? packages.build : []), ...(lab ? [...packages.lab, ...packages.servers] : [])];
  if (!existsSync('/usr/bin/dpkg-query') || !existsSync('/usr/bin/apt-get')) {
    say(`this is not Debian: packages are not installed. Needed (by Debian's names): ${wanted.join(' ')}`);
    say(`and where the kernel has no IPVS: ${packages.machine.join(' ')}`);
    return wanted;
  }
  const missing = await install(wanted);
  // Only what was installed above can tell whether this kernel will do.
  const needMachine = lab && process.getuid() === 0 && whyNotNative() !== undefined;
  return needMachine ? [...missing, ...(await install(packages.machine))] : missing;
}

/** Installs those that are missing; returns those that still are. */
async function install(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return missing;
  if (process.getuid() !== 0) {
    say(`missing Debian packages: ${missing.join(' ')}. Only root can install them: going on without`);
    return missing;
  }
  say(`installing missing Debian packages: ${missing.join(' ')}`);
  if (missing.every(hasCandidate) && (await aptInstall(missing))) return [];
  say('refreshing the package lists (apt-get update)');
  await apt(['update', '-q']);
  if (!(await aptInstall(missing))) {
    throw new Error(`apt-get could not install ${missing.join(' ')}: see its messages above`);
  }
  return [];
}

const hasCandidate = (name) =>
  /Candidate: [^(]/.test(spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout);

const aptInstall = (names) =>
  withoutStarting(
    async () => (await apt(['install', '-q', '-y', '--no-install-recommends', '--no-remove', ...names])) === 0,
  );

/** Asked by packages whether their services may be started: invoke-rc.d(8). */
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs without starting a service; where the machine has a policy of its own, that holds. */
async function withoutStarting(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function apt(args) {
  return spawnQuietly('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { DEBIAN_FRONTEND: 'noninteractive' });
}

/** `npm ci`, unless node_modules holds exactly what package-lock.json says. */
async function installDependencies() {
  if (dependenciesAreCurrent()) return;
  say('installing the npm dependencies (npm ci)');
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed');
}

/** npm writes what it installed, in the form of the lock file, as the last step of an installation. */
function dependenciesAreCurrent() {
  const installedList = join(checkout, 'node_modules/.package-lock.json');
  if (!existsSync(installedList)) return false;
  const locked = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages;
  return Object.entries(locked).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

/** Runs a program of the checkout; throws with `failure` and its output when it does not succeed. */
async function run(program, args, failure) {
  const code = await spawnQuietly(program, args);
  if (code !== 0) throw new Error(`${failure} (${[program, ...args].join(' ')}: exit code ${code})`);
}

/** The exit code, or the signal, of a program that runs in the checkout; its output is shown only when it fails. */
function spawnQuietly(program, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    const child = spawn(program, args, { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code !== 0) for (const chunk of output) process.stderr.write(chunk);
      resolve(code ?? signal);
    });
  });
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { complete } = await prepare();
    say(complete ? 'ready' : 'ready as far as possible: see above what is missing');
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}

/** Ends with the exit code that `main` resolves with; what it throws is said. */
export async function runAsProgram(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    say(error.message);
    process.exitCode = exitCodeOf(error);
  }
}
