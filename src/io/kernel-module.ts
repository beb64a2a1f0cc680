/** Asks for a kernel module, as `modprobe` does. */
import { execFile } from 'node:child_process';

/** Loads a module and what it needs; false when that is not possible or not allowed here. Never throws. */
export const loadKernelModule = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    const path = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    execFile('modprobe', ['--quiet', name], { env: path, timeout: 10_000 }, (error) => resolve(error === null));
  });
