/** The log of the agent: the console in the foreground and with -l, syslog in the background. */
import { type Log, type LogFormat, openLog } from '../daemon/log.ts';
import type { LogLevel } from '../daemon/messages.ts';
import { openSyslog } from '../io/syslog.ts';
import type { AgentOptions } from './agent-options.ts';
import type { Environment } from './command-line.ts';

export function openAgentLog(options: AgentOptions, environment: Environment): Log {
  const level: LogLevel = options.logDetail === 0 ? 'notice' : options.logDetail === 1 ? 'info' : 'debug';
  const inBackground = environment.HOLDFAST_BACKGROUND !== undefined;
  if (inBackground && !options.logToConsole) {
    if (options.noSyslog) return openLog({ level, format: 'text', destination: () => {} });
    const syslog = openSyslog({ ident: 'holdfast', facility: options.logFacility ?? 'daemon' });
    return openLog({ level, format: 'text', destination: (severity, line) => syslog.write(severity, line) });
  }
  const format: LogFormat = options.logFormat ?? (environment.JOURNAL_STREAM === undefined ? 'text' : 'journal');
  return openLog({ level, format, destination: 2 });
}
