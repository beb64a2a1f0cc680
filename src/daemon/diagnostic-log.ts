/** What there is to say about a configuration, as lines of the log. */
import type { Diagnostic } from '../config/diagnostics.ts';
import type { Log } from './log.ts';
import type { LogLevel } from './messages.ts';

export function logDiagnostics(diagnostics: readonly Diagnostic[], log: Log): void {
  for (const { severity, file, line, column, message: text, suggestion } of diagnostics) {
    const level: LogLevel = severity === 'note' ? (text.includes('not acted on') ? 'notice' : 'info') : severity;
    const message = `${file}:${line}:${column}: ${text}${suggestion === undefined ? '' : `; ${suggestion}`}`;
    log.write({ level, event: 'configuration', message, fields: {} });
  }
}
