/** `holdfast -t` and `holdfast check`: reads configurations and prints what is wrong, without side effects. */
import { appendFileSync, readFileSync } from 'node:fs';
import { type Diagnostic, formatDiagnostic, type Severity } from '../config/diagnostics.ts';
import { checkCluster, type NodeFile } from '../daemon/cluster-check.ts';
import { type HostView, type ReadOutcome, type ReadOutcomeWithTree, readConfigurationTree } from '../daemon/root.ts';
import { wantsColour } from './colour.ts';
import { formatFinding } from './finding-text.ts';
import { hostView } from './host-view.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;
/** keepalived's exit status for whatever else there is to complain about. */
const EXIT_COMPLAINTS = 5;

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
function anyHost(): HostView {
  const { interfaceExists: _interfaces, scripts: _scripts, ...host } = hostView();
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

/** What `check` is asked for. */
export interface CheckOptions {
  readonly json: boolean;
  /** Warnings and notes fail too. */
  readonly strict: boolean;
  /** The files are nothing to each other. */
  readonly separate: boolean;
}

interface CheckedFile {
  readonly file: string;
  readonly exitCode: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly unreadable?: string;
}

/**
 * `check FILE…`: each file, and two or more of them as the nodes of one cluster. 0 when all is well, else the highest
 * status of a file; an error between files counts as 5.
 */
export function checkFiles(given: readonly string[], options: CheckOptions): number {
  const files = [...new Set(given)];
  const isCluster = files.length > 1 && !options.separate;
  const results: CheckedFile[] = [];
  const nodes: NodeFile[] = [];
  for (const file of files) {
    try {
      const outcome = readConfigurationFileTree(file, isCluster ? anyHost() : hostView());
      const { diagnostics, exitCode } = outcome;
      const fails = exitCode === 0 && options.strict && diagnostics.length > 0;
      results.push({ file, exitCode: fails ? EXIT_COMPLAINTS : exitCode, diagnostics });
      nodes.push({ file, outcome });
    } catch (error) {
      results.push({ file, exitCode: EXIT_NO_CONFIGURATION, diagnostics: [], unreadable: (error as Error).message });
    }
  }
  const findings = isCluster ? checkCluster(nodes) : [];
  const isBroken = findings.some(({ severity }) => options.strict || severity === 'error');
  const status = Math.max(isBroken ? EXIT_COMPLAINTS : 0, ...results.map(({ exitCode }) => exitCode));
  if (options.json) {
    const report = { version: 1, files: results, ...(isCluster ? { findings } : {}) };
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return status;
  }
  const colour = wantsColour(process.stdout);
  for (const { file, diagnostics, unreadable } of results) {
    if (unreadable !== undefined) process.stdout.write(`${unreadable}\n`);
    for (const entry of diagnostics) process.stdout.write(`${format(entry, colour)}\n`);
    if (unreadable === undefined) process.stdout.write(`${file}: ${summary(diagnostics)}\n`);
  }
  for (const finding of findings) process.stdout.write(`${formatFinding(finding, colour)}\n`);
  if (isCluster && nodes.length > 1) process.stdout.write(`together: ${summary(findings)}\n`);
  return status;
}

const format = (entry: Diagnostic, colour: boolean): string =>
  formatDiagnostic(entry, sourceOf(entry.file), { colour });

function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function summary(diagnostics: readonly { readonly severity: Severity }[]): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const n = diagnostics.filter((entry) => entry.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'ok' : counts.join(', ');
}
