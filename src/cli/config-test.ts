/** `holdfast -t` and `holdfast check`: reads configurations and prints what is wrong, without side effects. */
import { appendFileSync, readFileSync } from 'node:fs';
import { type Diagnostic, formatDiagnostic } from '../config/diagnostics.ts';
import { type ReadOutcome, readConfiguration } from '../daemon/root.ts';
import { native } from '../io/native.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

/** Reads a configuration from the file system. Throws a sentence when the file cannot be read. */
export function readConfigurationFile(file: string): ReadOutcome {
  try {
    return readConfiguration(file, (path) => readFileSync(path), interfaceExists);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(`cannot read the configuration ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

/** Whether this host has an interface; true where the addon, which could tell, is not there. */
function interfaceExists(name: string): boolean {
  try {
    native().interfaceIndex(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENODEV';
  }
}

/** `-t`: the diagnostics on standard error or at the end of LOG; the exit status is keepalived's. */
export function runConfigTest(file: string, logFile: string | undefined): number {
  let outcome: ReadOutcome;
  try {
    outcome = readConfigurationFile(file);
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

/** `check FILE…`: all files; 0 when all are clean, else the highest status of one of them. */
export function checkFiles(files: readonly string[], options: { json: boolean; strict: boolean }): number {
  let status = 0;
  const results: { file: string; exitCode: number; diagnostics: readonly Diagnostic[]; unreadable?: string }[] = [];
  for (const file of files) {
    try {
      const { diagnostics, exitCode } = readConfigurationFile(file);
      results.push({
        file,
        exitCode: exitCode === 0 && options.strict && diagnostics.length > 0 ? 5 : exitCode,
        diagnostics,
      });
    } catch (error) {
      results.push({ file, exitCode: EXIT_NO_CONFIGURATION, diagnostics: [], unreadable: (error as Error).message });
    }
    status = Math.max(status, results.at(-1)?.exitCode ?? 0);
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ version: 1, files: results }, undefined, 2)}\n`);
    return status;
  }
  const colour = wantsColour(process.stdout);
  for (const { file, diagnostics, unreadable } of results) {
    if (unreadable !== undefined) process.stdout.write(`${unreadable}\n`);
    for (const entry of diagnostics) process.stdout.write(`${format(entry, colour)}\n`);
    if (unreadable === undefined) process.stdout.write(`${file}: ${summary(diagnostics)}\n`);
  }
  return status;
}

const wantsColour = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && process.env.NO_COLOR === undefined;

const format = (entry: Diagnostic, colour: boolean): string =>
  formatDiagnostic(entry, sourceOf(entry.file), { colour });

function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const n = diagnostics.filter((entry) => entry.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'ok' : counts.join(', ');
}
