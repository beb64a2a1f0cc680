/** The number of a track_file, as keepalived reads it: what strtol(3) makes of the beginning, in base 10, 8 or 16. */

/** What counts of a file; a number further behind is not looked for. */
export const TRACK_FILE_BYTES = 128;

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** The number; 0 where there is none. Undefined: one that no int can hold, and the number before it goes on to count. */
export function trackFileValue(content: string): number | undefined {
  const [, sign, digits = ''] =
    /^[\s]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)/.exec(content.slice(0, TRACK_FILE_BYTES)) ?? [];
  if (digits === '') return 0;
  const octal = /^0[0-7]*/.exec(digits)?.[0];
  const magnitude = /^0[xX]/.test(digits)
    ? Number.parseInt(digits, 16)
    : octal !== undefined
      ? Number.parseInt(octal, 8)
      : Number.parseInt(digits, 10);
  const value = sign === '-' ? 0 - magnitude : magnitude;
  return value > INT_MAX || value < INT_MIN ? undefined : value;
}
