/** `holdfast status` and `holdfast metrics`: what the running agent answers over its control socket. */
import { renderMetrics } from '../status/metrics.ts';
import type { StatusReport } from '../status/report.ts';
import { renderStatus } from '../status/text.ts';
import { wantsColour } from './colour.ts';
import { askAgent } from './control.ts';

export interface StatusOptions {
  /** For people, for programs, or for Prometheus. */
  readonly format: 'text' | 'json' | 'metrics';
  readonly runDirectory: string;
}

/** Prints what the agent does; 0 when it answers, 1 when there is none to ask. */
export async function showStatus({ format, runDirectory }: StatusOptions): Promise<number> {
  let report: StatusReport;
  try {
    report = (await askAgent(runDirectory, '/status')) as StatusReport;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  process.stdout.write(textOf(report, format));
  return 0;
}

function textOf(report: StatusReport, format: StatusOptions['format']): string {
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  const now = new Date();
  if (format === 'metrics') return renderMetrics(report, now);
  return renderStatus(report, { now, colour: wantsColour(process.stdout) });
}
