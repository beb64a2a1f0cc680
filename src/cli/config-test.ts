/** `holdfast -t`: reads a configuration of this host and prints what is wrong, without side effects. */
import { appendFileSync, readFileSync } from 'node:fs';
import { type Diagnostic, formatDiagnostic } from '../config/diagnostics.ts';
import { type HostView, type ReadOutcome, type ReadOutcomeWithTree, readConfigurationTree } from '../daemon/root.ts';
import { wantsColour } from './colour.ts';
import { hostView } from './host-view.ts';

/** keepalived's exit status for a configuration that cannot be read. */
export const EXIT_NO_CONFIGURATION = 6;

/**
 * Reads a configuration of this host from the file system. Throws a sentence when the file cannot be read.
 * @param configId what `@id` lines ask for; undefined: the first label of the name of this host
 */
export function readConfigurationFile(file: string, configId?: string): ReadOutcome {
  const { configuration, diagnostics, exitCode } = readConfigurationFileTree(file, hostView(configId));
  return { configuration, diagnostics, exitCode };
}

/**
 * The same with its tree.
 * @param host what is known of the host; the file may be of another one, whose interfaces are not looked for here
 */
export function readConfigurationFileTree(file: string, host: HostView = anyHost()): ReadOutcomeWithTree {
  try {
    return readConfigurationTree(file, (path) => readFileSync(path), host);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(`cannot read the configuration ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

/** The files of this host, for a configuration that may be of another host: its interfaces and scripts are not here. */
export function anyHost(configId?: string): HostView {
  const { interfaceExists: _interfaces, scripts: _scripts, ...host } = hostView(configId);
  return host;
}

/** `-t`: the diagnostics on standard error or at the end of LOG; the exit status is keepalived's. */
export function runConfigTest(file: string, logFile: string | undefined, configId?: string): number {
  let outcome: ReadOutcome;
  try {
    outcome = readConfigurationFile(file, configId);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  const colour = logFile === undefined && wantsColour(process.stderr);
  const text = outcome.diagnostics.map((entry) => `${format(entry, colour)}\n`).join('');
  if (logFile === undefined) {
    process.stderr.write(text);
    return outcome.exitCode;
  }
  try {
    appendFileSync(logFile, text, { mode: 0o600 });
  } catch (error) {
    process.stderr.write(`holdfast: cannot write ${logFile}: ${(error as Error).message}\n`);
    return 1;
  }
  return outcome.exitCode;
}

/** A diagnostic for a terminal, with the line that it is about. */
export const format = (entry: Diagnostic, colour: boolean): string =>
  formatDiagnostic(entry, sourceOf(entry.file), { colour });

function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
