/** `holdfast restart`: the running agent anew, from its files as they are now, without anybody noticing. */
import { askAgent } from './control.ts';

/** How long the new one may take. */
const PATIENCE_MS = 90_000;
const ASK_EVERY_MS = 50;

interface Readiness {
  readonly startedAt: string;
  readonly isReady: boolean;
}

/** 0 when the new agent does what the old one did; 1 when there is none, it refuses, or is not ready in time. */
export async function restartAgent({ runDirectory }: { runDirectory: string }): Promise<number> {
  const begunAt = performance.now();
  try {
    const { startedAt } = (await askAgent(runDirectory, '/restart', {})) as Readiness;
    while (performance.now() - begunAt < PATIENCE_MS) {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      // while the one is gone and the other not there yet, nobody answers
      const now = (await askAgent(runDirectory, '/ready').catch(() => undefined)) as Readiness | undefined;
      if (now === undefined || now.startedAt === startedAt || !now.isReady) continue;
      process.stdout.write(`restarted in ${((performance.now() - begunAt) / 1000).toFixed(2)} s\n`);
      return 0;
    }
    throw new Error(`the agent is not ready within ${PATIENCE_MS / 1000} s: its log tells more`);
  } catch (error) {
    process.stderr.write(`holdfast: not restarted: ${(error as Error).message}\n`);
    return 1;
  }
}
