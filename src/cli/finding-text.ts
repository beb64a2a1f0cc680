/** What is wrong between files, for a terminal. */
import { printable } from '../config/diagnostic-text.ts';
import type { Severity } from '../config/diagnostics.ts';
import type { Finding } from '../daemon/cluster.ts';

const COLOUR: Readonly<Record<Severity, string>> = { error: '31', warning: '35', note: '36' };

/** `file:line, file:line: severity: sentence [code]`. */
export function formatFinding({ severity, code, message, suggestion, places }: Finding, colour: boolean): string {
  const paint = (style: string, text: string) => (colour ? `\x1b[${style}m${text}\x1b[0m` : text);
  const where = places.map(({ file, line }) => `${file}:${line}`).join(', ');
  const sentence = suggestion === undefined ? message : `${message}; ${suggestion}`;
  return `${paint('1', `${printable(where)}:`)} ${paint(COLOUR[severity], `${severity}:`)} ${printable(sentence)} [${code}]`;
}
