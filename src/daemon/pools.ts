/**
 * The pools of all virtual servers: follows the health of their real servers, says what changes (log, scripts, FIFO), and
 * knows which table follows from it.
 */
import { type Condition, desired } from '../ipvs/desired.ts';
import { realServerName, virtualServerName } from '../ipvs/names.ts';
import type { LvsNotice } from '../ipvs/notice.ts';
import { nextPool, type Pool, type PoolChange, type ServerState, sorryServes } from '../ipvs/pool.ts';
import { servicesOf } from '../ipvs/services.ts';
import { serviceId, type Table } from '../ipvs/table.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import { checkVerdict } from './mail-texts.ts';
import type { LogLevel } from './messages.ts';

export interface PoolsWorld {
  stateOf(virtualServer: VirtualServer, realServer: RealServer): ServerState;
  tell(notice: LvsNotice): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

/** A virtual server with what is remembered of it. */
interface Entry {
  readonly virtualServer: VirtualServer;
  pool: Pool;
  /** All that have a service in common with it, itself among them: their part of the table is planned together. */
  mates: readonly Entry[];
}

/** A pool as plain data. */
export interface PoolEstate extends Omit<Pool, 'up'> {
  readonly id: string;
  readonly up: readonly string[];
}

interface Circumstances {
  readonly isStart: boolean;
  readonly checkerKind?: string | undefined;
}

const NOBODY: Pool = { hasQuorum: false, up: new Set(), weight: 0 };

/** See the file's head. */
export class Pools {
  readonly #world: PoolsWorld;
  #entries = new Map<string, Entry>();
  readonly #inherited = new Map<string, Pool>();
  /** What `configure` has found and nobody has been told yet. */
  #untold: (() => void)[] = [];

  constructor(world: PoolsWorld) {
    this.#world = world;
  }

  /**
   * Start and reload: a virtual server that stays keeps its quorum, and what is gone is told as down, by `tell`: of a thousand
   * virtual servers there is much to say, and the table comes first.
   * @param tellsAll of servers that are up from the start, too: keepalived.conf(5) "rs_init_notifies"
   */
  configure(virtualServers: readonly VirtualServer[], tellsAll = false): void {
    const before = this.#entries;
    this.#entries = new Map();
    for (const virtualServer of virtualServers) {
      const left = this.#inherited.get(virtualServer.id);
      const old = before.get(virtualServer.id) ?? (left && { virtualServer, pool: left, mates: [] });
      const entry: Entry = { virtualServer, pool: old?.pool ?? NOBODY, mates: [] };
      this.#entries.set(virtualServer.id, entry);
      if (old) this.#later(() => this.#tellOfGone(old, new Set(virtualServer.realServers.map(({ id }) => id))));
      const known = old ? new Set(old.virtualServer.realServers.map(({ id }) => id)) : undefined;
      const { pool, changes } = this.#next(entry, old?.pool, known);
      entry.pool = pool;
      this.#later(() => {
        if (tellsAll) this.#tellOfStart(entry, known ?? new Set());
        this.#say(entry, changes, { isStart: old === undefined });
      });
    }
    for (const [id, old] of before) {
      if (!this.#entries.has(id)) this.#later(() => this.#tellOfEnd(old));
    }
    this.#inherited.clear();
    this.#findMates();
  }

  /** Says what `configure` has changed, unless it is said already. */
  tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const say of untold) say();
  }

  /** For the process that takes the place of this one. */
  estate(): readonly PoolEstate[] {
    this.tell();
    return [...this.#entries].map(
      ([
        id,
        {
          pool: { hasQuorum, up, weight },
        },
      ]) => ({
        id,
        hasQuorum,
        up: [...up],
        weight,
      }),
    );
  }

  /** The next `configure` finds these as another process left them. */
  inherit(left: readonly PoolEstate[]): void {
    for (const { id, up, ...pool } of left) this.#inherited.set(id, { ...pool, up: new Set(up) });
  }

  /**
   * The health of its real servers, or a weight, may have changed. What the table should be in its place.
   * @param checkerKind what has changed it, for mails; undefined: an operator
   */
  refresh(virtualServerId: string, checkerKind?: string): Table {
    this.tell();
    const entry = this.#entries.get(virtualServerId);
    if (entry === undefined) return [];
    const { pool, changes } = this.#next(entry, entry.pool);
    entry.pool = pool;
    this.#say(entry, changes, { isStart: false, checkerKind });
    return this.#desired(entry.mates);
  }

  /** The whole table. */
  desired(): Table {
    return this.#desired([...this.#entries.values()]);
  }

  poolOf(virtualServerId: string): Pool {
    return this.#entries.get(virtualServerId)?.pool ?? NOBODY;
  }

  /** The agent ends: keepalived.conf(5) "omega" tells of it. */
  stop(): void {
    this.tell();
    for (const entry of this.#entries.values()) if (entry.virtualServer.omega) this.#tellOfEnd(entry, 'Shutting down');
  }

  #later(say: () => void): void {
    this.#untold.push(say);
  }

  #next(entry: Entry, before: Pool | undefined, known?: ReadonlySet<string>) {
    const { virtualServer } = entry;
    return nextPool(virtualServer, before, (realServer) => this.#world.stateOf(virtualServer, realServer), known);
  }

  #desired(entries: readonly Entry[]): Table {
    const pools = new Map(entries.map(({ virtualServer, pool }) => [virtualServer, pool]));
    return desired(
      entries.map(({ virtualServer }) => virtualServer),
      (virtualServer): Condition => ({
        hasQuorum: pools.get(virtualServer)?.hasQuorum ?? false,
        stateOf: (realServer) => this.#world.stateOf(virtualServer, realServer),
      }),
    );
  }

  #findMates(): void {
    const byService = new Map<string, Entry[]>();
    for (const entry of this.#entries.values()) {
      const together = [entry];
      for (const key of servicesOf(entry.virtualServer)) {
        const id = serviceId(key);
        const others = byService.get(id) ?? [];
        together.push(...others.filter((other) => !together.includes(other)));
        byService.set(id, [...others, entry]);
      }
      entry.mates = together;
      if (together.length === 1) continue;
      // in the order of the file: of the same service the first counts
      const mates = [...new Set(together.flatMap((one) => [...one.mates, one]))];
      for (const mate of mates) mate.mates = mates;
    }
    const crowds = [...this.#entries.values()].filter(({ mates }) => mates.length > 1);
    if (crowds.length === 0) return;
    const order = new Map([...this.#entries.values()].map((entry, i) => [entry, i]));
    for (const entry of crowds) {
      entry.mates = [...entry.mates].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    }
  }

  #say(entry: Entry, changes: readonly PoolChange[], { isStart, checkerKind }: Circumstances): void {
    for (const change of changes) {
      if (change.type === 'real-server') this.#sayServer(entry, change.realServer, change.isUp, checkerKind);
      else this.#sayQuorum(entry, change, isStart);
    }
  }

  #sayServer({ virtualServer }: Entry, realServer: RealServer, isUp: boolean, checkerKind: string | undefined): void {
    const { inhibitOnFailure } = realServer.settings;
    const verbs = inhibitOnFailure ? ['Enabling', 'Disabling'] : ['Adding', 'Removing'];
    const between = inhibitOnFailure ? 'of' : isUp ? 'to' : 'from';
    const name = virtualServerName(virtualServer);
    const sentence = `${verbs[isUp ? 0 : 1]} service ${realServerName(realServer, virtualServer)} ${between} VS ${name}`;
    this.#world.log(
      'notice',
      isUp ? 'real-server-up' : 'real-server-down',
      sentence,
      fieldsOf(virtualServer, realServer),
    );
    this.#world.tell(realServerNotice(virtualServer, realServer, isUp, checkVerdict(isUp, checkerKind)));
  }

  #sayQuorum({ virtualServer, pool }: Entry, change: PoolChange & { type: 'quorum' }, isStart: boolean): void {
    const { quorum, hysteresis, sorryServer } = virtualServer;
    const { isUp, threshold, weight } = change;
    const name = virtualServerName(virtualServer);
    const sum = isUp
      ? `${quorum}+${hysteresis}=${threshold} <= ${weight}`
      : `${quorum}-${hysteresis}=${threshold} > ${weight}`;
    const sentence = isUp
      ? `Gained quorum ${sum} for VS ${name}`
      : isStart
        ? `Starting with quorum down for VS ${name}`
        : `Lost quorum ${sum} for VS ${name}`;
    // at the start enough servers are nothing to speak of
    const level = isUp && isStart ? 'info' : isUp ? 'notice' : 'warning';
    this.#world.log(level, isUp ? 'quorum-gained' : 'quorum-lost', sentence, fieldsOf(virtualServer));
    if (sorryServer !== undefined && !(isUp && isStart)) {
      const serves = sorryServes(virtualServer, pool);
      const verbs = sorryServer.inhibit ? ['Enabling', 'Disabling'] : ['Adding', 'Removing'];
      const server = realServerName(sorryServer, virtualServer);
      const line = `${verbs[serves ? 0 : 1]} sorry server ${server} ${serves ? 'to' : 'from'} VS ${name}`;
      this.#world.log('notice', 'sorry-server', line, fieldsOf(virtualServer));
    }
    const start = `Starting with quorum ${isUp ? 'up' : 'down'}`;
    this.#world.tell(quorumNotice(virtualServer, isUp, isStart ? start : `${isUp ? 'Gained' : 'Lost'} quorum ${sum}`));
  }

  #tellOfStart({ virtualServer, pool }: Entry, known: ReadonlySet<string>): void {
    for (const realServer of virtualServer.realServers) {
      if (known.has(realServer.id)) continue;
      this.#world.tell(realServerNotice(virtualServer, realServer, pool.up.has(realServer.id)));
    }
  }

  /** Real servers that a reload has removed. */
  #tellOfGone({ virtualServer, pool }: Entry, staying: ReadonlySet<string>, why = 'Removing'): void {
    for (const realServer of virtualServer.realServers) {
      if (staying.has(realServer.id) || !pool.up.has(realServer.id)) continue;
      this.#world.tell(realServerNotice(virtualServer, realServer, false, why));
    }
  }

  #tellOfEnd(entry: Entry, why = 'Removing'): void {
    this.#tellOfGone(entry, new Set(), why);
    if (entry.pool.hasQuorum) this.#world.tell(quorumNotice(entry.virtualServer, false, why));
  }
}

const fieldsOf = (virtualServer: VirtualServer, realServer?: RealServer) => ({
  virtual_server: virtualServer.id,
  ...(realServer === undefined ? {} : { real_server: realServer.id }),
});

/** @param why what a mail says; absent: what its checkers say */
function realServerNotice(
  virtualServer: VirtualServer,
  realServer: RealServer,
  isUp: boolean,
  why = checkVerdict(isUp),
): LvsNotice {
  const [keyword, script] = isUp
    ? (['notify_up', realServer.settings.notifyUp] as const)
    : (['notify_down', realServer.settings.notifyDown] as const);
  return {
    subject: 'RS',
    virtualServer: virtualServerName(virtualServer),
    realServer: realServerName(realServer, virtualServer),
    isUp,
    ...(realServer.settings.smtpAlert ? { mail: why } : {}),
    ...(script === undefined ? {} : { command: { keyword, script } }),
  };
}

/** @param why what a mail says */
function quorumNotice(virtualServer: VirtualServer, isUp: boolean, why: string): LvsNotice {
  const [keyword, script] = isUp
    ? (['quorum_up', virtualServer.quorumUp] as const)
    : (['quorum_down', virtualServer.quorumDown] as const);
  return {
    subject: 'VS',
    virtualServer: virtualServerName(virtualServer),
    isUp,
    ...(virtualServer.smtpAlert ? { mail: why } : {}),
    ...(script === undefined ? {} : { command: { keyword, script } }),
  };
}
