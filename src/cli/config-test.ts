/** `holdfast -t`: reads a configuration of this host and prints what is wrong, without side effects. */
import { closeSync, constants, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { formatDiagnostic, SourceText } from '../config/diagnostic-text.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { decodeText } from '../config/source.ts';
import {
  type HostView,
  type ReadOutcome,
  type ReadOutcomeWithTree,
  readConfiguration,
  readConfigurationTree,
} from '../daemon/root.ts';
import { wantsColour } from './colour.ts';
import { hostView } from './host-view.ts';

/** keepalived's exit status for a configuration that cannot be read. */
export const EXIT_NO_CONFIGURATION = 6;

/**
 * Reads a configuration of this host from the file system. Throws a sentence when the file cannot be read.
 * @param configId what `@id` lines ask for; undefined: the first label of the name of this host
 */
export function readConfigurationFile(file: string, configId?: string, texts = new ReadTexts()): ReadOutcome {
  return orSentence(file, () => readConfiguration(file, texts.readFile, hostView(configId)));
}

/**
 * The same with its tree, and each block read for itself.
 * @param host what is known of the host; the file may be of another one, whose interfaces are not looked for here
 */
export function readConfigurationFileTree(
  file: string,
  host: HostView = anyHost(),
  texts = new ReadTexts(),
): ReadOutcomeWithTree {
  return orSentence(file, () => readConfigurationTree(file, texts.readFile, host));
}

function orSentence<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(`cannot read the configuration ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

/** The files of this host, for a configuration that may be of another host: its interfaces and scripts and so on are not here. */
export function anyHost(configId?: string): HostView {
  const { facts: _facts, interfaceExists: _interfaces, scripts: _scripts, ...host } = hostView(configId);
  return host;
}

/** keepalived's exit status for whatever else there is to complain about. */
const EXIT_COMPLAINTS = 5;

/** The exit status of a reading. @param strict notes count, too */
export const statusOf = ({ exitCode, diagnostics }: ReadOutcome, strict: boolean): number =>
  exitCode === 0 && strict && diagnostics.length > 0 ? EXIT_COMPLAINTS : exitCode;

/** What `-t` is asked for. */
export interface ConfigTestOptions {
  /** Absent: standard error. */
  readonly logFile?: string | undefined;
  readonly configId?: string | undefined;
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** `-t`: the diagnostics on standard error or at the end of LOG; the exit status is keepalived's. */
export function runConfigTest(file: string, options: ConfigTestOptions): number {
  const { logFile, configId, json = false, strict = false } = options;
  const texts = new ReadTexts();
  let outcome: ReadOutcome;
  try {
    outcome = readConfigurationFile(file, configId, texts);
  } catch (error) {
    const unreadable = (error as Error).message;
    if (json) writeJson({ exitCode: EXIT_NO_CONFIGURATION, file, diagnostics: [], unreadable });
    process.stderr.write(`holdfast: ${unreadable}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  const status = statusOf(outcome, strict);
  if (json) writeJson({ exitCode: status, file, diagnostics: outcome.diagnostics });
  const colour = logFile === undefined && wantsColour(process.stderr);
  const text = outcome.diagnostics.map((entry) => `${texts.format(entry, colour)}\n`).join('');
  if (logFile === undefined) {
    if (!json) process.stderr.write(text);
    return status;
  }
  try {
    appendLines(logFile, text);
  } catch (error) {
    process.stderr.write(`holdfast: cannot write ${logFile}: ${(error as Error).message}\n`);
    return 1;
  }
  return status;
}

const writeJson = (report: object): boolean =>
  process.stdout.write(`${JSON.stringify({ version: 1, ...report }, undefined, 2)}\n`);

/** At the end of a file, which is no symbolic link: it may lie where others can write. */
function appendLines(file: string, text: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** Read at a time of what does not say how long it is. */
const CHUNK_BYTES = 65_536;
/** More than any configuration has. Files of the kernel that a pattern or a link leads to may have no end. */
const FILE_BYTES_MAX = 64 * 2 ** 20;

/** The bytes of a file. A pipe is waited for; where the kernel has nothing to say yet, as in /proc/kmsg, that is an error. */
function bytesOf(path: string): Uint8Array {
  const stats = statSync(path);
  const { O_RDONLY, O_NONBLOCK } = constants;
  const descriptor = openSync(path, stats.isFile() ? O_RDONLY | O_NONBLOCK : O_RDONLY);
  try {
    if (stats.isDirectory()) return readFileSync(descriptor); // which says so
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const chunk = new Uint8Array(Math.max(CHUNK_BYTES, Math.min(stats.size - size, FILE_BYTES_MAX)));
      const length = readSync(descriptor, chunk);
      if (length === 0) return chunks[0] !== undefined && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
      size += length;
      if (size > FILE_BYTES_MAX) {
        throw Object.assign(new Error('longer than any configuration is meant to be'), { code: 'EFBIG' });
      }
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The texts that a reading has seen: what is shown is what was read, also of a pipe or a file that changes. */
export class ReadTexts {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #texts = new Map<string, SourceText>();

  readonly readFile = (path: string): Uint8Array => {
    const content = bytesOf(path);
    this.#contents.set(path, content);
    return content;
  };

  /** A diagnostic for a terminal, with the line that it is about. */
  format(entry: Diagnostic, colour: boolean): string {
    return formatDiagnostic(entry, this.#text(entry.file), { colour });
  }

  #text(file: string): SourceText | undefined {
    const content = this.#contents.get(file);
    if (content === undefined) return undefined;
    const text = this.#texts.get(file) ?? new SourceText(decodeText(content));
    this.#texts.set(file, text);
    return text;
  }
}
