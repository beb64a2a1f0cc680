/**
 * Main's part in a change of mains. As the one that goes: its children are to wait for the next one. As the one that comes:
 * children of the earlier main go on until ours have taken over from them (succession.ts, elder.ts).
 */
import { type Duration, seconds } from '../base/time.ts';
import { Elder } from './elder.ts';
import type { Role } from './fork-role.ts';
import type { AboutHeirs, AwaitHeir, FromElection, FromHealth, LogLevel } from './messages.ts';
import { Questions } from './questions.ts';

/** How long children wait for a main that was announced: the time in which a program starts on a busy host. */
const ANNOUNCED: Duration = seconds(60);
/** And for one that the service manager starts in place of a dead one. */
const UNANNOUNCED: Duration = seconds(10);
/** Children that do not answer within this cannot wait. */
const ANSWER_TIME = seconds(4);

export interface ChangeoverWorld {
  /** The run directory, where elders and heirs meet. */
  readonly directory: string;
  /** Whether somebody starts another main when this one dies. */
  readonly isRestartedByOthers: boolean;
  /** False: there is no such process. */
  send(role: Role, message: AboutHeirs): boolean;
  /** What the children of the earlier main had to say while there was none. */
  missed(role: Role, message: FromElection | FromHealth): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

/** See the file's head. */
export class Changeover {
  readonly #world: ChangeoverWorld;
  readonly #elders = new Map<Role, Elder>();
  readonly #questions = new Questions(ANSWER_TIME);

  constructor(world: ChangeoverWorld) {
    this.#world = world;
  }

  /** What children do when main dies without a word. */
  get orphaned(): AwaitHeir | undefined {
    const { directory, isRestartedByOthers } = this.#world;
    return isRestartedByOthers ? { directory, patience: UNANNOUNCED } : undefined;
  }

  /** Whether a child of an earlier main has to be taken over from. */
  isHeir(role: Role): boolean {
    return this.#elders.has(role);
  }

  /** True while children of an earlier main are there. */
  get isUnderWay(): boolean {
    return this.#elders.size > 0;
  }

  /** Looks for children of an earlier main. Resolves with what they know, by role. */
  async find(roles: readonly Role[]): Promise<ReadonlyMap<Role, object>> {
    const estates = new Map<Role, object>();
    for (const role of roles) {
      const elder = await Elder.find(this.#world.directory, role);
      const answer = await elder?.estate();
      if (elder === undefined) continue;
      if (answer === undefined) void elder.retire([]);
      else {
        this.#elders.set(role, elder);
        estates.set(role, answer.estate);
        this.#world.log('notice', 'adopting', `taking over from the ${role} process that is running`, { role });
      }
    }
    return estates;
  }

  /** A child has said something; true: it was about this. */
  hear(role: Role, message: FromElection | FromHealth): boolean {
    if (message.type === 'awaiting-heir') this.#questions.answer(message.id, true);
    else if (message.type === 'prepared') void this.#handOver(role);
    else {
      if (message.type === 'started') void this.#retire(role, message.inherited ?? []);
      return false;
    }
    return true;
  }

  /** All children are to wait for the next main. False: not all of them can, and none does. */
  async leave(roles: readonly Role[]): Promise<boolean> {
    const how = { directory: this.#world.directory, patience: ANNOUNCED };
    const answers = await Promise.all(
      roles.map((role) => this.#questions.ask<true>((id) => this.#world.send(role, { type: 'await-heir', id, how }))),
    );
    if (answers.every((answer) => answer === true)) return true;
    this.stay(roles);
    return false;
  }

  /** Main does not go after all. */
  stay(roles: readonly Role[]): void {
    for (const role of roles) this.#world.send(role, { type: 'go-on' });
  }

  /** The agent stops: what was not taken over yet is left in order. Resolves when it is. */
  async end(): Promise<void> {
    await Promise.all([...this.#elders.values()].map((elder) => elder.retire([])));
    this.#elders.clear();
  }

  async #handOver(role: Role): Promise<void> {
    const answer = await this.#elders.get(role)?.estate();
    for (const message of answer?.missed ?? []) this.#world.missed(role, message as FromElection | FromHealth);
    this.#world.send(role, { type: 'inherit', estate: answer?.estate });
  }

  async #retire(role: Role, inherited: readonly string[]): Promise<void> {
    const elder = this.#elders.get(role);
    if (elder === undefined) return;
    await elder.retire(inherited);
    this.#elders.delete(role);
    this.#world.send(role, { type: 'alone' });
    this.#world.log('notice', 'adopted', `the ${role} process has taken over from the one before it`, { role });
  }
}
