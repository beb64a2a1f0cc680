/** Kernel parameters by name, as sysctl(8) has them. */
import { readFileSync, writeFileSync } from 'node:fs';

/** `net.ipv4.conf.eth0/1.arp_ignore` and the like: a slash stands for a dot in a name. */
const fileOf = (name: string): string =>
  `/proc/sys/${name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))}`;

/** The value without its line end; undefined when the kernel has no such parameter here. */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(fileOf(name), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Throws a sentence when the kernel refuses. */
export function writeSysctl(name: string, value: string): void {
  try {
    writeFileSync(fileOf(name), value);
  } catch (error) {
    throw new Error(`cannot set ${name} to ${value}: ${(error as Error).message}`);
  }
}
