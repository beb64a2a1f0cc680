/**
 * The log of the agent: one line, one fact, written by the main process only.
 *
 * pino keeps levels and the never-blocking, bounded destination; this file decides what a line looks like. On a
 * terminal or in a file: time, level, event, fields and the sentence as `key=value`. Under journald the time is left out and
 * the syslog priority stands in front as `<N>`. In the background: syslog.
 */
import { pino } from 'pino';
import type { LogLevel, LogRecord } from './messages.ts';

export type LogFormat = 'text' | 'journal' | 'json';

export interface Log {
  write(record: LogRecord): void;
  /** Writes what is still buffered, before the process ends; gives up on a reader that does not read. */
  flush(): Promise<void>;
}

/** syslog(3) severities of our levels. */
const SEVERITY: Record<LogLevel, number> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

/** pino wants ascending numbers for ascending importance. */
const PINO_LEVELS: Record<LogLevel, number> = { debug: 20, info: 30, notice: 35, warning: 40, error: 50 };

/** Lines wait here while a reader is slow; more than this is dropped rather than held against the agent's memory. */
const MAX_BUFFERED_BYTES = 1 << 20;

/** A reader that has not read for this long keeps no agent from ending. */
const FLUSH_TIME_MS = 500;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** A file descriptor, or a function for syslog. */
  readonly destination: number | ((severity: number, line: string) => void);
}

/** Opens the log. Records below `level` are left out. */
export function openLog(options: LogOptions): Log {
  const { destination } = options;
  const sink =
    typeof destination === 'number'
      ? pino.destination({ fd: destination, sync: false, minLength: 0, maxLength: MAX_BUFFERED_BYTES })
      : undefined;
  sink?.on('error', () => {}); // a closed terminal or a full disk is no reason to stop the agent
  const write = (line: string, severity: number) => {
    if (sink) sink.write(`${line}\n`);
    else if (typeof destination === 'function') destination(severity, line);
  };
  const logger = pino(
    {
      level: options.level,
      customLevels: PINO_LEVELS,
      useOnlyCustomLevels: true,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      messageKey: 'message',
    },
    {
      write(json: string) {
        const { level, time, event, message, ...fields } = JSON.parse(json) as LogLine;
        if (options.format === 'json') return write(json.trimEnd(), SEVERITY[level]);
        const text = `level=${level} event=${event}${formatFields(fields)} msg=${quote(message)}`;
        const severity = SEVERITY[level];
        if (typeof destination === 'function') return write(text, severity);
        return write(options.format === 'journal' ? `<${severity}>${text}` : `${time} ${text}`, severity);
      },
    },
  );
  return {
    write: ({ level, event, message, fields }) => logger[level]({ event, ...fields }, message),
    flush: () =>
      new Promise((resolve) => {
        if (!sink) return resolve();
        const done = () => {
          sink.destroy(); // or its exit hook would write on for ever to a full disk
          resolve();
        };
        const late = setTimeout(done, FLUSH_TIME_MS);
        sink.flush(() => {
          clearTimeout(late);
          done();
        });
      }),
  };
}

interface LogLine {
  level: LogLevel;
  time: string;
  event: string;
  message: string;
  [field: string]: unknown;
}

function formatFields(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${quote(String(value))}`)
    .join('');
}

/** As logfmt: bare where nothing in it needs quotes. */
const quote = (text: string): string => (/^[\w.:/@+,[\]-]+$/.test(text) ? text : JSON.stringify(text));
