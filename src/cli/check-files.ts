/** `holdfast check FILE…`: each file by itself, and several of them as the nodes of one cluster. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Diagnostic, Severity } from '../config/diagnostics.ts';
import type { Finding } from '../daemon/cluster.ts';
import { checkCluster, type NodeFile } from '../daemon/cluster-check.ts';
import { wantsColour } from './colour.ts';
import { anyHost, EXIT_NO_CONFIGURATION, ReadTexts, readConfigurationFileTree, statusOf } from './config-test.ts';
import { formatFinding } from './finding-text.ts';
import { hostView } from './host-view.ts';

/** keepalived's exit status for whatever else there is to complain about. */
const EXIT_COMPLAINTS = 5;

/** So many findings of one kind are printed: a mistake in a hundred instances is one mistake. */
const SHOWN_MAX = 20;

/** What `check` is asked for. */
export interface CheckOptions {
  readonly json: boolean;
  /** Notes fail too. */
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

/** A file as one node sees it. */
interface Given {
  /** As it was typed. */
  readonly label: string;
  readonly file: string;
  /** What `@id` lines ask for; absent: as of this host. */
  readonly configId?: string;
}

/** `FILE`, or `FILE@ID` for one node of a file that has `@id` lines for several. */
function givenFile(label: string): Given {
  const [, file, configId] = /^(.+)@([^@/]+)$/.exec(label) ?? [];
  if (file === undefined || configId === undefined || existsSync(label)) return { label, file: label };
  return { label, file, configId };
}

/**
 * Checks files. 0 when there is nothing to report but notes, else the highest status of a file; an error or a warning
 * between files counts as 5.
 */
export function checkFiles(labels: readonly string[], options: CheckOptions): number {
  const given = [...new Set(labels)].map(givenFile);
  const isCluster = given.length > 1 && !options.separate;
  const results: CheckedFile[] = [];
  const nodes: NodeFile[] = [];
  const texts = new ReadTexts();
  for (const { label, file, configId } of given) {
    try {
      const host = isCluster ? anyHost(configId ?? idOfNode(file)) : hostView(configId);
      const outcome = readConfigurationFileTree(file, host, texts);
      const { diagnostics } = outcome;
      results.push({ file: label, exitCode: statusOf(outcome, options.strict), diagnostics });
      nodes.push({ file: label, ...(configId === undefined ? {} : { name: configId }), outcome });
    } catch (error) {
      const unreadable = (error as Error).message;
      results.push({ file: label, exitCode: EXIT_NO_CONFIGURATION, diagnostics: [], unreadable });
    }
  }
  const findings = isCluster ? checkCluster(nodes) : [];
  const isBroken = findings.some(({ severity }) => options.strict || severity !== 'note');
  const status = Math.max(isBroken ? EXIT_COMPLAINTS : 0, ...results.map(({ exitCode }) => exitCode));
  if (options.json) {
    const report = { version: 1, exitCode: status, files: results, ...(isCluster ? { findings } : {}) };
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  } else print(results, isCluster && nodes.length > 1 ? findings : undefined, texts);
  return status;
}

/** The id that a file for several nodes is read with: its own name, or that of a folder, where it has lines for that. */
function idOfNode(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // reading it says why
  }
  const ids = new Set([...text.matchAll(/^[ \t]*@\^?([^\s^]\S*)/gm)].map((match) => match[1] ?? ''));
  if (ids.size === 0 || ids.has(hostname().split('.')[0] ?? '')) return undefined;
  const parts = file.replace(/\.(conf|cfg)$/, '').split('/');
  return parts.reverse().find((part) => ids.has(part));
}

/** @param findings what is wrong between the files; undefined: they are no cluster */
function print(results: readonly CheckedFile[], findings: readonly Finding[] | undefined, texts: ReadTexts): void {
  const colour = wantsColour(process.stdout);
  const said = new Set<string>();
  for (const { file, diagnostics, unreadable } of results) {
    if (unreadable !== undefined) process.stdout.write(`${unreadable}\n`);
    for (const entry of diagnostics) {
      // Nodes may include the same file.
      const key = `${entry.file}:${entry.line}:${entry.column} ${entry.message}`;
      if (!said.has(key)) process.stdout.write(`${texts.format(entry, colour)}\n`);
      said.add(key);
    }
    if (unreadable === undefined) process.stdout.write(`${file}: ${summary(diagnostics)}\n`);
  }
  if (findings === undefined) return;
  const ofCode = new Map<string, number>();
  for (const finding of findings) {
    const n = (ofCode.get(finding.code) ?? 0) + 1;
    ofCode.set(finding.code, n);
    if (n <= SHOWN_MAX) process.stdout.write(`${formatFinding(finding, colour)}\n`);
  }
  for (const [code, n] of ofCode) {
    if (n > SHOWN_MAX) process.stdout.write(`and ${n - SHOWN_MAX} more of [${code}]; --json has all\n`);
  }
  process.stdout.write(`together: ${summary(findings)}\n`);
}

function summary(diagnostics: readonly { readonly severity: Severity }[]): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const n = diagnostics.filter((entry) => entry.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'ok' : counts.join(', ');
}
