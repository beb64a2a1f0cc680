/** `holdfast handover`: another node is to be MASTER, without a gap; and back. */
import type { GivenAway } from '../daemon/messages.ts';
import { askAgent } from './control.ts';

export interface HandoverOptions {
  /** Instances and sync groups; empty: all. */
  readonly names: readonly string[];
  readonly back: boolean;
  readonly json: boolean;
  readonly runDirectory: string;
}

const SENTENCES: Readonly<Record<GivenAway['outcome'], string>> = {
  'given-away': 'given away',
  'nobody-took-over': 'stays MASTER: nobody took over',
  'stands-back': 'is BACKUP, and stays so while there is a MASTER',
  'may-come-back': 'takes part as configured again',
  'not-running': 'takes no part: there is nothing to give away',
};

/** 0 when nothing is left here that was to go; 1 when something stays, or there is no agent. */
export async function handOver({ names, back, json, runDirectory }: HandoverOptions): Promise<number> {
  try {
    const { given } = (await askAgent(runDirectory, '/handover', { names, back })) as { given: readonly GivenAway[] };
    const lines = given.map(
      ({ name, outcome, detail = '' }) => `${name}: ${SENTENCES[outcome]}${detail === '' ? '' : `: ${detail}`}\n`,
    );
    process.stdout.write(json ? `${JSON.stringify(given, undefined, 2)}\n` : lines.join(''));
    return given.some(({ outcome }) => outcome === 'nobody-took-over') ? 1 : 0;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
}
