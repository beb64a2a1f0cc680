/**
 * The pool of a virtual server: which of its real servers are up, whether they are enough, and so who serves. Pure.
 *
 *   no quorum ── weight of those that are up >= quorum + hysteresis ──▶ quorum
 *             ◀── that weight is 0, or < quorum - hysteresis ──────────
 *
 * keepalived.conf(5) "quorum", "hysteresis", "sorry_server". Without a sorry server the lack of a quorum is only told.
 */
import type { RealServer, VirtualServer } from './virtual-server.ts';

/** A real server as its checkers and the operator leave it. */
export interface ServerState {
  readonly isUp: boolean;
  /** 0 to 2^31 - 1, what it counts and gets: as configured, as its checkers change it, or as the operator has set it. */
  readonly weight: number;
  /** The operator sends nothing new to it: it stays in the table with weight 0, whoever serves. */
  readonly isDrained?: boolean;
}

/** What is remembered of a virtual server. */
export interface Pool {
  readonly hasQuorum: boolean;
  /** Ids of the real servers that are up. */
  readonly up: ReadonlySet<string>;
  /** The sum of their weights. */
  readonly weight: number;
}

/** One thing that changed, in the order in which it is told. */
export type PoolChange =
  | { readonly type: 'real-server'; readonly realServer: RealServer; readonly isUp: boolean }
  | {
      readonly type: 'quorum';
      readonly isUp: boolean;
      /** What the weight was compared with: quorum and hysteresis together, or less it. */
      readonly threshold: number;
      readonly weight: number;
    };

/**
 * The pool now, and what has changed. A pool that is new, with a `before` of undefined, tells of its quorum only; its
 * real servers, and those that a reload brings, begin without a word.
 * @param known those that were there before the reload; absent: there was none
 */
export function nextPool(
  virtualServer: VirtualServer,
  before: Pool | undefined,
  stateOf: (realServer: RealServer) => ServerState,
  known?: ReadonlySet<string>,
): { readonly pool: Pool; readonly changes: readonly PoolChange[] } {
  const changes: PoolChange[] = [];
  const up = new Set<string>();
  let weight = 0;
  for (const realServer of virtualServer.realServers) {
    const { id } = realServer;
    const state = stateOf(realServer);
    if (state.isUp) {
      up.add(id);
      weight += state.weight;
    }
    if (before !== undefined && known?.has(id) !== false && before.up.has(id) !== state.isUp) {
      changes.push({ type: 'real-server', realServer, isUp: state.isUp });
    }
  }
  const { quorum, hysteresis } = virtualServer;
  const had = before?.hasQuorum ?? false;
  const threshold = had ? quorum - hysteresis : quorum + hysteresis;
  const hasQuorum = weight > 0 && weight >= threshold;
  if (before === undefined || had !== hasQuorum) changes.push({ type: 'quorum', isUp: hasQuorum, threshold, weight });
  return { pool: { hasQuorum, up, weight }, changes };
}

/** Whether the sorry server takes the connections. */
export const sorryServes = ({ sorryServer }: VirtualServer, { hasQuorum }: Pick<Pool, 'hasQuorum'>): boolean =>
  sorryServer !== undefined && !hasQuorum;
