/**
 * A child's part in a change of mains: when ours is about to go, or has died where another one will come, it waits for
 * that one in the run directory, and goes on with its work (heir-socket.ts).
 */
import type { Channel } from './channel.ts';
import { HeirSocket, heirSocketPath } from './heir-socket.ts';
import type { AboutHeirs, AwaitHeir, FromChild } from './messages.ts';

export interface SuccessionWorld {
  /** What the process has now; undefined: it has not begun. */
  estate(): object | undefined;
  /** Another process goes on with what is named: everything else is left in order. Resolves when nothing is open any more. */
  retire(inherited: readonly string[]): Promise<void>;
  /** Nobody comes: everything is left in order. */
  abandon(): void;
}

/** See the file's head. */
export class Succession {
  readonly #role: string;
  readonly #channel: Channel<FromChild>;
  readonly #world: SuccessionWorld;
  /** What to do when main dies; undefined: end in order. */
  orphaned: AwaitHeir | undefined;
  #waiting: HeirSocket | undefined;

  constructor(role: string, channel: Channel<FromChild>, world: SuccessionWorld) {
    this.#role = role;
    this.#channel = channel;
    this.#world = world;
  }

  /** True: the message is ours. */
  handle(message: { readonly type: string }): boolean {
    const about = message as AboutHeirs;
    if (about.type === 'await-heir') {
      const { id, how } = about;
      void this.#await(how).then((isWaiting) => {
        if (isWaiting) this.#channel.send({ type: 'awaiting-heir', id });
      });
    } else if (about.type === 'go-on') this.close();
    else return false;
    return true;
  }

  /** Main is gone. */
  async mainIsGone(): Promise<void> {
    if (this.#waiting !== undefined) return;
    const how = this.orphaned;
    if (how === undefined || this.#world.estate() === undefined || !(await this.#await(how))) this.#world.abandon();
  }

  close(): void {
    this.#waiting?.close();
    this.#waiting = undefined;
  }

  async #await({ directory, patience }: AwaitHeir): Promise<boolean> {
    try {
      this.#waiting ??= await HeirSocket.open(heirSocketPath(directory, this.#role), patience, {
        estate: () => ({ estate: this.#world.estate() ?? {}, missed: this.#channel.missed() }),
        retire: (inherited) => void this.#world.retire(inherited).then(() => this.close()),
        abandoned: () => {
          this.close();
          this.#world.abandon();
        },
      });
      return true;
    } catch {
      return false; // the run directory is gone: nobody would find us
    }
  }
}
