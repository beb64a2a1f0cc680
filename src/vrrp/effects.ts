/** Short ways to write the effects that several events have in common. */
import type { Cause, Effect, State, Transition } from './vocabulary.ts';

/** This state, and nothing to be done. */
export const quietly = (state: State): Transition => ({ state, effects: [] });

export const advertise = (priority: number): Effect => ({ type: 'send-advertisement', priority });

const NOTHING: readonly Effect[] = [];

export const announce = (rounds: number, elsewhere = false): readonly Effect[] =>
  rounds === 0 && !elsewhere
    ? NOTHING
    : [
        ...(rounds === 0 ? [] : [{ type: 'announce-addresses', rounds } as const]),
        ...(elsewhere ? [{ type: 'announce-elsewhere' } as const] : []),
      ];

export const changed = (from: State, to: State['name'], cause: Cause, detail?: string): Effect => ({
  type: 'state-changed',
  from: from.name,
  to,
  cause,
  ...(detail === undefined ? {} : { detail }),
});
