/** The drill's result as a table for people. */

/** One step's outcome. Times in milliseconds; null where it was not measured. */
export interface Row {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly seen: string;
  readonly tookMs: number;
  /** The longest time in which the client had no echo from the virtual IP. */
  readonly gapMs: number | null;
  readonly gapLimitMs: number | null;
  readonly httpAnswered: number;
  readonly httpFailed: number;
  /** The longest time in which the client had no answer to an HTTP request. */
  readonly httpGapMs: number;
}

const headings = ['', 'step', 'took', 'gap', 'allowed', 'HTTP', 'failed', 'HTTP gap', 'seen'] as const;

/** The rows under headings, columns lined up, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const ms = (value: number | null): string => (value === null ? '-' : `${value} ms`);
  const cells = rows.map((row) => [
    row.ok ? 'ok' : 'FAILED',
    row.name,
    `${(row.tookMs / 1000).toFixed(1)} s`,
    ms(row.gapMs),
    ms(row.gapLimitMs),
    String(row.httpAnswered),
    String(row.httpFailed),
    ms(row.httpGapMs),
    row.seen,
  ]);
  const lines = [[...headings], ...cells];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column > 1 && column < headings.length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
