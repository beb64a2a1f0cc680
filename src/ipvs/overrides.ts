/**
 * What an operator has set at run time: `holdfast drain`, `undrain` and `weight`. It lasts over reloads, as long as the real
 * server stays in the configuration, and ends with the agent.
 */
import type { ServerState } from './pool.ts';
import type { RealServer, VirtualServer } from './virtual-server.ts';

/** One wish. */
export interface Override {
  /** As in `status`: `192.168.4.100:80`; or only its address: every port. */
  readonly realServer: string;
  /** As in `status`: `192.168.4.15:80/TCP`; absent: of every virtual server that has the real server. */
  readonly virtualServer?: string;
  /** `drained`: nothing new goes there; a number, 0 to 2^31 - 1: that weight; absent: as configured again. */
  readonly value?: 'drained' | number;
}

/** What a wish has met. */
export interface OverrideAnswer {
  /** Ids of the virtual servers concerned; none: there is no such real server. */
  readonly virtualServers: readonly string[];
}

/** A wish as it came over the control socket; a sentence when it is none. */
export function readOverride(wish: unknown): Override | string {
  if (typeof wish !== 'object' || wish === null) return 'expected an object';
  const { realServer, virtualServer, value } = wish as Readonly<Record<string, unknown>>;
  if (typeof realServer !== 'string') return 'realServer: expected a real server as status names it';
  if (virtualServer !== undefined && typeof virtualServer !== 'string') {
    return 'virtualServer: expected a virtual server as status names it';
  }
  if (value !== undefined && value !== 'drained' && !isWeight(value)) {
    return `value: expected 'drained' or a weight from 0 to ${WEIGHT_MAX}`;
  }
  return {
    realServer,
    ...(virtualServer === undefined ? {} : { virtualServer }),
    ...(value === undefined ? {} : { value }),
  };
}

/** INT_MAX: more the kernel does not take. */
export const WEIGHT_MAX = 2 ** 31 - 1;

const isWeight = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= WEIGHT_MAX;

/** See the file's head. */
export class Overrides {
  readonly #values = new Map<string, 'drained' | number>();

  /** Sets it for all real servers that are meant. */
  set({ realServer: meant, virtualServer, value }: Override, virtualServers: readonly VirtualServer[]): OverrideAnswer {
    const touched = virtualServers.filter(({ id, realServers }) => {
      if (virtualServer !== undefined && virtualServer !== id) return false;
      const found = realServers.filter((one) => one.id === meant || one.address === meant);
      for (const one of found) {
        if (value === undefined) this.#values.delete(keyOf(id, one.id));
        else this.#values.set(keyOf(id, one.id), value);
      }
      return found.length > 0;
    });
    return { virtualServers: touched.map(({ id }) => id) };
  }

  /** For the process that takes the place of this one. */
  estate(): readonly (readonly [key: string, value: 'drained' | number])[] {
    return [...this.#values];
  }

  inherit(left: ReturnType<Overrides['estate']>): void {
    for (const [key, value] of left) this.#values.set(key, value);
  }

  of(virtualServer: VirtualServer, realServer: RealServer): 'drained' | number | undefined {
    return this.#values.size === 0 ? undefined : this.#values.get(keyOf(virtualServer.id, realServer.id));
  }

  /** A state as the operator wants it. */
  apply(virtualServer: VirtualServer, realServer: RealServer, state: ServerState): ServerState {
    const value = this.of(virtualServer, realServer);
    if (value === undefined) return state;
    return value === 'drained' ? { ...state, weight: 0, isDrained: true } : { ...state, weight: value };
  }

  /** Forgets what is not configured any more. */
  keepOnly(virtualServers: readonly VirtualServer[]): void {
    if (this.#values.size === 0) return;
    const there = new Set(virtualServers.flatMap(({ id, realServers }) => realServers.map((one) => keyOf(id, one.id))));
    for (const key of this.#values.keys()) if (!there.has(key)) this.#values.delete(key);
  }
}

const keyOf = (virtualServerId: string, realServerId: string): string => `${virtualServerId} ${realServerId}`;
