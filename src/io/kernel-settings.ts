/**
 * Settings of the kernel under /proc/sys, changed for a time and put back. proc(5), sysctl(8).
 *
 * Which settings a virtual router needs is said elsewhere. Reads and writes do not wait for a disk, and they have to be
 * synchronous: /proc/sys/net shows the network namespace of the thread that looks.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ipv4Setting, isIpv4Setting } from './route-links.ts';
import { isSystemCallError, withPurpose } from './system-error.ts';

/** How settings of an interface are set where /proc/sys is mounted read-only. */
export type SetIpv4 = (interfaceName: string, setting: Ipv4Setting, value: number) => Promise<void>;

/** What was there before us, and what we have set. */
export interface ChangedSetting {
  readonly path: string;
  readonly before: string;
  readonly ours: string;
}

/** See the file's head. A setting is named by its path: `net/ipv4/conf/eth0/rp_filter`. */
export class KernelSettings {
  readonly #root: string;
  readonly #setIpv4: SetIpv4 | undefined;
  readonly #changed = new Map<string, Omit<ChangedSetting, 'path'>>();

  /** @param root of the settings; another one in tests */
  constructor(setIpv4?: SetIpv4, root = '/proc/sys') {
    this.#setIpv4 = setIpv4;
    this.#root = root;
  }

  /** The value as it stands there, without blanks around it; undefined when there is no such setting. */
  read(path: string): string | undefined {
    try {
      return withPurpose(path, () => readFileSync(join(this.#root, path), 'utf8').trim());
    } catch (error) {
      if (isSystemCallError(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Sets a value, and remembers the one that was there before the first call. Nothing happens when it is there already,
   * or when there is no such setting. Rejects with SystemError: EROFS, EACCES, EINVAL.
   * @returns whether the value is there now
   */
  async set(path: string, value: number): Promise<boolean> {
    const now = this.read(path);
    const ours = String(value);
    if (now === undefined) return false;
    if (now === ours) return true;
    await this.#write(path, ours);
    this.#changed.set(path, { before: this.#changed.get(path)?.before ?? now, ours });
    return true;
  }

  /**
   * Puts back what was there before, the last change first: all, or those whose path begins like that. Left alone is
   * what somebody else has changed since, and what is gone with its interface. Rejects with the first SystemError, after
   * it has tried all.
   */
  async restore(begin = ''): Promise<void> {
    const failures: unknown[] = [];
    for (const [path, { before, ours }] of [...this.#changed].reverse()) {
      if (!path.startsWith(begin)) continue;
      this.#changed.delete(path);
      try {
        if (this.read(path) === ours) await this.#write(path, before);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** The paths that hold our value instead of another one, in the order of the changes. */
  get changed(): readonly string[] {
    return [...this.#changed.keys()];
  }

  /** What is to be put back, for another process that goes on with ours. */
  get all(): readonly ChangedSetting[] {
    return [...this.#changed].map(([path, one]) => ({ path, ...one }));
  }

  /** What another process has changed is ours to put back. */
  adopt(settings: readonly ChangedSetting[]): void {
    for (const { path, before, ours } of settings) this.#changed.set(path, { before, ours });
  }

  async #write(path: string, value: string): Promise<void> {
    try {
      withPurpose(`${path} = ${value}`, () => writeFileSync(join(this.#root, path), value));
    } catch (error) {
      const [name, setting] = IPV4_PATH.exec(path)?.slice(1) ?? [];
      const isReadOnly = isSystemCallError(error) && (error.code === 'EROFS' || error.code === 'EACCES');
      if (!isReadOnly || this.#setIpv4 === undefined || name === undefined || setting === undefined) throw error;
      if (name === 'all' || name === 'default' || !isIpv4Setting(setting)) throw error;
      await this.#setIpv4(name, setting, Number(value));
    }
  }
}

const IPV4_PATH = /^net\/ipv4\/conf\/([^/]+)\/([^/]+)$/;
