/** Which routers a packet can be for: those that hear with the ear it came in through, and have its VRID. */
import { earsOf } from './ears.ts';
import type { Router } from './router.ts';

/** See the file's head. */
export class Hearers {
  readonly #routers = new Map<string, Router[]>();

  /** All routers there are, from now on. */
  set(routers: Iterable<Router>): void {
    this.#routers.clear();
    for (const router of routers) {
      for (const { key } of earsOf(router.instance)) {
        const id = idOf(key, router.instance.vrid);
        this.#routers.set(id, [...(this.#routers.get(id) ?? []), router]);
      }
    }
  }

  /** @param ear its key @param vrid undefined, where the packet has none: nobody */
  of(ear: string, vrid: number | undefined): readonly Router[] {
    return vrid === undefined ? NOBODY : (this.#routers.get(idOf(ear, vrid)) ?? NOBODY);
  }
}

const NOBODY: readonly Router[] = [];

const idOf = (ear: string, vrid: number): string => `${ear} ${vrid}`;
