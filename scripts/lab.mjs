/**
 * The lab: runs a command as root on a kernel that has IPVS.
 *
 *   node scripts/lab.mjs run [--where auto|native|vm] [--timeout SECONDS] -- COMMAND [ARGUMENT...]
 *
 * Where this machine's kernel has IPVS the command runs on it, in namespaces of its own (network, mounts, processes).
 * Elsewhere a virtual machine with Debian's kernel is started for it, whose files are this machine's, read-only with a
 * memory overlay: the same paths, the same programs. Either way the output comes as it is written, the exit code is
 * the command's, and nothing is left behind: what the command does not end itself ends with its namespaces.
 *
 * The command finds in its environment: HOLDFAST_LAB (native, vm or sandbox), HOLDFAST_LAB_SHARE (a directory that it
 * may write and that the caller reads), HOLDFAST_BUSYBOX (a busybox with httpd and sysctl).
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkout, labKernel, staticBusybox, writeInitramfs } from './lab-kernel.mjs';

/** Places that the virtual machine has for itself; a checkout below them would not be seen in it. */
const ownPlaces = ['/proc', '/sys', '/dev', '/run'];

/** Variables of the caller that the command gets. */
const passedOn = /^(PATH|HOME|LANG|LC_.*|TERM|CI|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|HOLDFAST_.*)$/;

/**
 * Why commands of the lab cannot run on this machine's own kernel, as a sentence; undefined when they can. Tries what
 * the lab does (an IPVS service in a new network namespace, a bridge, a veth pair) and leaves nothing.
 */
export function whyNotNative() {
  spawnSync('modprobe', ['-q', 'ip_vs']);
  // Only asked for: loading it puts a tunnel interface into every namespace.
  const noTunnel = spawnSync('modprobe', ['-q', '-n', 'ipip']).status !== 0;
  const script = `
    ip link set lo up
    ipvsadm -A -t 127.0.0.1:80 -s wrr && ipvsadm -a -t 127.0.0.1:80 -r 127.0.0.1:8080 -g || exit 10
    ip link add end1 type veth peer name end2 && ip link add segment type bridge || exit 11`;
  const { status } = spawnSync('unshare', ['--net', 'sh', '-c', script], { stdio: 'ignore' });
  if (status === 0) return noTunnel ? 'this kernel has no ipip' : undefined;
  if (status === 10) return 'this kernel has no IPVS';
  return status === 11 ? 'this kernel has no veth or bridge' : 'network namespaces cannot be made here';
}

/**
 * Runs a command in the lab, its output to ours.
 * @param command  program and arguments
 * @param where    'native', 'vm', or 'auto': native where that is possible; 'sandbox': native, with or without IPVS
 * @param timeoutSeconds  the command and its machine are ended after that
 * @param share    the directory in HOLDFAST_LAB_SHARE, which the caller made with `makeShare` and removes
 * @param directory  where the command starts
 * @param say      takes lines about what is being done
 * @returns { exitCode, where, kernel, bootSeconds? }: exitCode is 124 after the timeout, where is native or vm. Throws
 * when there is no lab.
 */
export async function runInLab({
  command,
  where = 'auto',
  timeoutSeconds = 900,
  share,
  directory = process.cwd(),
  say,
}) {
  const reason = reasonForMachine(where);
  if (where === 'native' && reason !== undefined) throw new Error(`the lab cannot run natively: ${reason}`);
  const native = reason === undefined;
  if (process.getuid() !== 0) throw new Error('the lab needs root: it makes network namespaces');

  const busybox = staticBusybox(say);
  const kind = where === 'sandbox' ? where : native ? 'native' : 'vm';
  const lab = { HOLDFAST_LAB: kind, HOLDFAST_LAB_SHARE: share, HOLDFAST_BUSYBOX: busybox };
  const exported = Object.entries({ ...process.env, ...lab }).filter(([name]) => passedOn.test(name));
  writeFileSync(
    join(share, 'command'),
    [
      ...exported.map(([name, value]) => `export ${name}=${quote(value)}`),
      `cd ${quote(directory)} || exit 126`,
      `exec ${command.map(quote).join(' ')}`,
      '',
    ].join('\n'),
  );
  if (native) {
    const exitCode = await runSandbox(share, timeoutSeconds);
    return { exitCode, where: 'native', kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim() };
  }
  const kernel = labKernel(say);
  say(`starting a virtual machine with Linux ${kernel.release} (${reason})`);
  return {
    ...(await runMachine(kernel, busybox, share, directory, timeoutSeconds)),
    where: 'vm',
    kernel: kernel.release,
  };
}

/** Why a virtual machine is needed, as a sentence; undefined when it is not. */
function reasonForMachine(where) {
  if (where === 'sandbox') return undefined;
  return where === 'vm' ? 'asked for' : whyNotNative();
}

/** A new directory that the command and the caller share. The caller removes it. */
export const makeShare = () => mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-lab-'));

/** The command on this kernel. */
async function runSandbox(share, timeoutSeconds) {
  const script = join(checkout, 'test/lab/guest/sandbox.sh');
  const child = bound('sh', [script, join(share, 'command')], ['ignore', 'inherit', 'inherit']);
  const { timedOut, code } = await ended(child, timeoutSeconds);
  return timedOut ? 124 : (code ?? 128);
}

/** The command in a virtual machine. KVM is not asked for: where it exists but does not work, it hangs. */
async function runMachine(kernel, busybox, share, directory, timeoutSeconds) {
  for (const path of [checkout, share, directory]) {
    const place = ownPlaces.find((own) => path === own || path.startsWith(`${own}/`));
    if (place)
      throw new Error(`${path} is below ${place}, which the virtual machine has for itself: move it elsewhere`);
  }
  const initramfs = join(share, 'initramfs');
  const consoleLog = join(share, 'console.log');
  writeInitramfs(initramfs, kernel, busybox);
  writeFileSync(join(share, 'path'), share);
  writeFileSync(join(share, 'main-script'), join(checkout, 'test/lab/guest/main.sh'));
  writeFileSync(join(share, 'modules'), kernel.modules);

  const shared = 'security_model=none,multidevs=remap';
  const child = bound(
    'qemu-system-x86_64',
    [
      ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2G'],
      ...['-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', kernel.image, '-initrd', initramfs, '-append', 'console=ttyS0 loglevel=4 panic=-1'],
      ...['-serial', `file:${escapeCommas(consoleLog)}`],
      ...['-virtfs', `local,path=/,mount_tag=host,readonly=on,${shared}`],
      ...['-virtfs', `local,path=${escapeCommas(share)},mount_tag=share,${shared}`],
      ...['-device', 'virtio-serial-pci'],
      ...['-chardev', 'socket,id=stdout,fd=3', '-device', 'virtserialport,chardev=stdout,name=stdout'],
      ...['-chardev', 'socket,id=stderr,fd=4', '-device', 'virtserialport,chardev=stderr,name=stderr'],
    ],
    ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
  );
  child.stdio[3].pipe(process.stdout, { end: false });
  child.stdio[4].pipe(process.stderr, { end: false });
  const { timedOut } = await ended(child, timeoutSeconds);
  if (timedOut) return { exitCode: 124 };
  const exitCode = readNumber(join(share, 'exit-code'));
  if (exitCode === undefined) {
    const log = existsSync(consoleLog) ? readFileSync(consoleLog, 'utf8').trimEnd().split('\n').slice(-20) : [];
    throw new Error(['the virtual machine ended without a result; the end of its console:', ...log].join('\n'));
  }
  return { exitCode, bootSeconds: readNumber(join(share, 'booted-after')) };
}

/** Starts a program that the kernel ends if this process dies. */
const bound = (program, args, stdio) => spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { stdio });

/** Waits for a child, passes signals and the timeout on as SIGKILL, and then ends itself by the same signal. */
function ended(child, timeoutSeconds) {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    let signalled;
    const kill = (signal) => {
      signalled ??= signal;
      child.kill('SIGKILL');
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, kill);
    // Whoever reads our output has gone.
    const brokenPipe = () => kill('SIGPIPE');
    process.stdout.on('error', brokenPipe);
    const timer = setTimeout(() => {
      timedOut = true;
      process.stderr.write(`lab: ended after ${timeoutSeconds} s without a result\n`);
      child.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) process.removeListener(signal, kill);
      if (signalled !== 'SIGPIPE') process.stdout.removeListener('error', brokenPipe);
    };
    child.on('error', (error) => {
      done();
      reject(new Error(`cannot run ${child.spawnargs.slice(4, 5)}: ${error.message}`));
    });
    child.on('close', (code) => {
      done();
      if (signalled !== undefined) reject(new Interrupted(signalled));
      else resolve({ timedOut, code });
    });
  });
}

/** Thrown when a signal ended the run: the caller cleans up and then ends by `signal`. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** The exit code that a shell gives to a program that ended with this error. */
export const exitCodeOf = (error) =>
  error instanceof Interrupted ? { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 }[error.signal] : 1;

function readNumber(file) {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  return text === '' ? undefined : Number(text);
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** QEMU reads a double comma in an option as one that is part of the value. */
const escapeCommas = (text) => text.replaceAll(',', ',,');

async function main() {
  const usage =
    'usage: node scripts/lab.mjs run [--where auto|native|vm] [--timeout SECONDS] -- COMMAND [ARGUMENT...]\n';
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      where: { type: 'string', default: 'auto' },
      timeout: { type: 'string', default: '900' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [verb, ...command] = positionals;
  if (values.help || verb !== 'run' || command.length === 0) {
    (values.help ? process.stdout : process.stderr).write(usage);
    return values.help ? 0 : 2;
  }
  const share = makeShare();
  try {
    const say = (line) => process.stderr.write(`lab: ${line}\n`);
    const result = await runInLab({
      command,
      where: values.where,
      timeoutSeconds: Number(values.timeout),
      share,
      say,
    });
    return result.exitCode;
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`lab: ${error.message}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
