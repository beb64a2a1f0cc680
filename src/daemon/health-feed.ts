/** What the health process is told of the election and of tracked things, and what one that starts anew has to be told. */
import type { Fact } from '../checks/checker.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { isState } from '../vrrp/notifications.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { ToHealth } from './messages.ts';

/** See the file's head. */
export class HealthFeed {
  readonly #send: (message: ToHealth) => void;
  /** Which instances are MASTER, as far as they have said something. */
  readonly #masters = new Map<string, boolean>();
  /** What the election has said of BFD sessions. */
  readonly #sessions = new Map<string, TrackResult>();

  constructor(send: (message: ToHealth) => void) {
    this.#send = send;
  }

  /** What is known from an earlier life. */
  inherit(instance: string, isMaster: boolean): void {
    this.#masters.set(instance, isMaster);
  }

  /** Connection synchronisation follows the election. */
  notice({ subject, name, event }: VrrpNotice): void {
    if (subject !== 'INSTANCE' || !isState(event)) return;
    const isMaster = event === 'MASTER';
    this.#masters.set(name, isMaster);
    this.#send({ type: 'instance', name, isMaster });
  }

  /** A BFD session has changed. */
  session(result: TrackResult): void {
    this.#sessions.set(result.name, result);
    this.tracked(result);
  }

  /** What checkers may want to know. */
  tracked(result: TrackResult): void {
    const fact = factOf(result);
    if (fact !== undefined) this.#send({ type: 'fact', fact });
  }

  /** The process has started and knows nothing. @param results of everything else that is tracked */
  tellAll(results: readonly TrackResult[]): void {
    for (const [name, isMaster] of this.#masters) this.#send({ type: 'instance', name, isMaster });
    for (const result of [...results, ...this.#sessions.values()]) this.tracked(result);
  }
}

/** What a tracked thing is to checkers; undefined: nothing. */
function factOf(result: TrackResult): Fact | undefined {
  if (result.kind === 'file') return result;
  return result.kind === 'bfd' ? { kind: 'bfd', name: result.name, value: result.isUp ? 1 : 0 } : undefined;
}
