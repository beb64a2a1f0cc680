/** What an operator asks of the running agent over the control socket, besides its status: weights, and mastership. */
import { seconds } from '../base/time.ts';
import { type OverrideAnswer, readOverride } from '../ipvs/overrides.ts';
import type { Child } from './child.ts';
import { BadRequest } from './control-server.ts';
import { readGiveAway } from './give-away.ts';
import type { FromElection, FromHealth, GivenAway, LogLevel, ToElection, ToHealth } from './messages.ts';
import { Questions } from './questions.ts';
import type { Configuration } from './root.ts';

/** Answers of the health process come within this, or not at all. */
const ANSWER_TIME = seconds(2);
/** A handover takes no longer than the largest Skew_Time that is waited for, 3 s. */
const HANDOVER_TIME = seconds(4.5);

export interface WishesWorld {
  configuration(): Configuration;
  readonly election: Pick<Child<ToElection, FromElection>, 'send'> | undefined;
  readonly health: Pick<Child<ToHealth, FromHealth>, 'send'> | undefined;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string>): void;
}

/** See the file's head. Each throws BadRequest for what cannot be met, Error when nobody answers. */
export class Wishes {
  readonly #world: WishesWorld;
  readonly #overrides = new Questions(ANSWER_TIME);
  readonly #handovers = new Questions(HANDOVER_TIME);

  constructor(world: WishesWorld) {
    this.#world = world;
  }

  /** `holdfast drain`, `undrain` and `weight`. */
  async override(wish: unknown): Promise<OverrideAnswer> {
    const override = readOverride(wish);
    if (typeof override === 'string') throw new BadRequest(override);
    const none = this.#world.configuration().virtualServers.length === 0;
    const answer = none
      ? { virtualServers: [] }
      : await this.#overrides.ask<OverrideAnswer>((id) => this.#world.health?.send({ type: 'override', id, override }));
    if (answer === undefined) throw new Error('the health process does not answer');
    const { virtualServers } = answer;
    if (virtualServers.length === 0) throw new BadRequest(`there is no real server ${override.realServer}`);
    const { realServer, value } = override;
    const what = value === undefined ? 'as configured again' : value === 'drained' ? 'drained' : `weight ${value}`;
    const sentence = `an operator wants real server ${realServer} ${what} (${virtualServers.join(', ')})`;
    this.#world.log('notice', 'override', sentence, { real_server: realServer });
    return { virtualServers };
  }

  /** `holdfast handover`. */
  async giveAway(asked: unknown): Promise<object> {
    const wish = readGiveAway(asked);
    if (wish === undefined) throw new BadRequest('expected {"names": ["VI_1"], "back": false}');
    const { instances, syncGroups } = this.#world.configuration();
    const unknown = wish.names.find((name) => ![...instances, ...syncGroups].some((one) => one.name === name));
    if (unknown !== undefined) throw new BadRequest(`there is no instance or sync group ${unknown}`);
    const who = wish.names.length === 0 ? 'all instances' : wish.names.join(', ');
    const sentence = `an operator ${wish.back ? 'lets' : 'gives'} ${who} ${wish.back ? 'come back' : 'away'}`;
    this.#world.log('notice', 'handover', sentence, {});
    if (instances.length === 0) return { given: [] };
    const given = await this.#handovers.ask<readonly GivenAway[]>((id) =>
      this.#world.election?.send({ type: 'give-away', id, ...wish }),
    );
    if (given === undefined) throw new Error('the election process does not answer');
    return { given };
  }

  /** A child has answered one of them. */
  hear(message: Extract<FromHealth, { type: 'overridden' }> | Extract<FromElection, { type: 'given-away' }>): void {
    if (message.type === 'overridden') this.#overrides.answer(message.id, message);
    else this.#handovers.answer(message.id, message.given);
  }
}
