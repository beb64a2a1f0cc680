/**
 * What the lab takes from Debian without installing it: the stable kernel for its virtual machine, and busybox.
 *
 * Packages are fetched with `apt-get download` (so apt checks their signatures), unpacked into the cache, and kept: the
 * second run needs no network. Only the parts that a network lab can use are unpacked.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Where downloads and runs of the lab are kept: under $XDG_CACHE_HOME where that is set, else in the checkout. */
export const cacheDirectory = () =>
  process.env.XDG_CACHE_HOME ? join(process.env.XDG_CACHE_HOME, 'holdfast') : join(checkout, '.cache');

/** Whether a Debian package is installed. */
export const isInstalled = (name) =>
  spawnSync('dpkg-query', ['-s', name], { encoding: 'utf8' }).stdout?.includes('Status: install ok installed') ?? false;

/** Modules that the guest needs before it has a root, in the order in which insmod can load them. */
const earlyModules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'drivers/char/virtio_console',
  'fs/netfs/netfs',
  'fs/fscache/fscache',
  'net/9p/9pnet',
  'net/9p/9pnet_virtio',
  'fs/9p/9p',
  'fs/overlayfs/overlay',
];

/** The parts of a kernel package that are unpacked, as patterns of tar. */
const kernelParts = [
  './boot/vmlinuz-*',
  './lib/modules/*/modules.*',
  './lib/modules/*/kernel/arch/*',
  './lib/modules/*/kernel/crypto/*',
  './lib/modules/*/kernel/drivers/char/virtio_console.ko',
  './lib/modules/*/kernel/drivers/net/*.ko',
  './lib/modules/*/kernel/drivers/virtio/*',
  './lib/modules/*/kernel/fs/*',
  './lib/modules/*/kernel/lib/*',
  './lib/modules/*/kernel/net/*',
];

/**
 * Debian's kernel, unpacked: { release, image, modules }, where `modules` is what belongs at /lib/modules/RELEASE.
 * @param say takes a line about what is being done
 */
export function labKernel(say) {
  const kernels = join(cacheDirectory(), 'kernel');
  mkdirSync(kernels, { recursive: true });
  let release = readdirSync(kernels).find((name) => !name.startsWith('.'));
  if (release === undefined) {
    let name = kernelPackage();
    if (name === undefined) {
      refreshPackageLists();
      name = kernelPackage();
    }
    if (name === undefined) throw new Error('apt knows no linux-image-amd64: is this Debian on amd64?');
    say(`fetching the kernel for the virtual machine: ${name}`);
    const unpacked = unpack(name, kernelParts);
    release = readdirSync(join(unpacked, 'lib/modules'))[0];
    execFileSync('depmod', ['-b', unpacked, release]);
    renameSync(unpacked, join(kernels, release));
  }
  const directory = join(kernels, release);
  return {
    release,
    image: join(directory, 'boot', `vmlinuz-${release}`),
    modules: join(directory, 'lib/modules', release),
  };
}

/** The name of the package with Debian's current kernel; undefined when apt knows none. */
function kernelPackage() {
  const { stdout } = spawnSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  return /Depends: (linux-image-\S+)/.exec(stdout ?? '')?.[1];
}

/** The lists may be missing (fresh machine, container image) or old. */
const refreshPackageLists = () => spawnSync('apt-get', ['update', '-q']);

/**
 * The path of a static busybox: the installed one, or Debian's package unpacked. It is not installed, because it would
 * replace the other busybox package, which most Debian machines have.
 * @param say takes a line about what is being done
 */
export function staticBusybox(say) {
  if (isInstalled('busybox-static')) return '/bin/busybox';
  const directory = join(cacheDirectory(), 'busybox');
  if (!existsSync(directory)) {
    mkdirSync(cacheDirectory(), { recursive: true });
    say('fetching busybox-static');
    renameSync(unpack('busybox-static', ['./bin/busybox']), directory);
  }
  return join(directory, 'bin/busybox');
}

/** Writes the guest's first file system, with its modules and test/lab/guest/init, to `file`. */
export function writeInitramfs(file, kernel, busybox) {
  const root = mkdtempSync(join(cacheDirectory(), 'initramfs-'));
  try {
    for (const directory of ['bin', 'modules', 'proc', 'sys', 'dev', 'host', 'share', 'overlay', 'root']) {
      mkdirSync(join(root, directory));
    }
    cpSync(busybox, join(root, 'bin/busybox'), { dereference: true });
    cpSync(join(checkout, 'test/lab/guest/init'), join(root, 'init'));
    chmodSync(join(root, 'init'), 0o755);
    for (const path of earlyModules) {
      cpSync(join(kernel.modules, 'kernel', `${path}.ko`), join(root, 'modules', `${basename(path)}.ko`));
    }
    writeFileSync(join(root, 'modules/order'), earlyModules.map((path) => `${basename(path)}\n`).join(''));
    const files = readdirSync(root, { recursive: true }).map((name) => `${name}\n`);
    const archive = execFileSync(busybox, ['cpio', '-o', '-H', 'newc'], {
      cwd: root,
      input: files.join(''),
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    writeFileSync(file, archive);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Fetches a Debian package and unpacks the parts that match; the directory is the caller's to move. */
function unpack(name, parts) {
  const directory = mkdtempSync(join(cacheDirectory(), 'unpack-'));
  try {
    // As root apt would drop to its own user for the download, which may not write here; it says so every time.
    const download = ['download', '-q', '-o', 'APT::Sandbox::User=root', name];
    if (spawnSync('apt-get', download, { cwd: directory }).status !== 0) {
      refreshPackageLists();
      execFileSync('apt-get', download, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    }
    const [archive] = readdirSync(directory);
    const script = 'set -o pipefail; archive=$1; shift; dpkg-deb --fsys-tarfile "$archive" | tar -x --wildcards "$@"';
    execFileSync('bash', ['-c', script, 'unpack', archive, ...parts], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    rmSync(join(directory, archive));
    return directory;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    const detail = error.stderr?.toString().trim();
    throw new Error(`cannot fetch and unpack the Debian package ${name}${detail ? `: ${detail}` : ''}`, {
      cause: error,
    });
  }
}
