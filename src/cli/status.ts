/** `holdfast status`: asks the running agent over its control socket. */
import type { StatusReport } from '../status/report.ts';
import { renderStatus } from '../status/text.ts';
import { wantsColour } from './colour.ts';
import { askAgent } from './control.ts';

/** Prints what the agent does; 0 when it answers, 1 when there is none to ask. */
export async function showStatus(options: { json: boolean; runDirectory: string }): Promise<number> {
  let report: StatusReport;
  try {
    report = (await askAgent(options.runDirectory, '/status')) as StatusReport;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  const colour = wantsColour(process.stdout);
  process.stdout.write(
    options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderStatus(report, { now: new Date(), colour }),
  );
  return 0;
}
