/**
 * `npm test`: prepares the machine, then runs everything that can be checked on it, and says how much of it held.
 *
 * Nothing stops the rest: types, style, and every project of vitest.config.ts, each where it belongs: pure code here,
 * what touches the network in namespaces that end with it, and what needs IPVS in the lab. The last line is
 * `tests: N passed, N failed, N skipped`. Exit code 1: something failed, nothing ran, a test file belongs to no
 * project, or something was skipped although this machine has all that the tests need.
 */

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exitCodeOf, Interrupted, makeShare, runInLab } from './lab.mjs';
import { checkout } from './lab-kernel.mjs';
import { prepare, say } from './prepare.mjs';

/** What is checked, in this order. With `where` it takes root: 'here', as it is, or in the lab, as for `runInLab`. */
const suites = [
  { name: 'types', program: ['node_modules/typescript/bin/tsc', '--noEmit'], timeoutSeconds: 120 },
  { name: 'style', program: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'], timeoutSeconds: 60 },
  { name: 'unit', project: 'unit', timeoutSeconds: 600 },
  { name: 'netns', project: 'netns', where: 'sandbox', timeoutSeconds: 480 },
  { name: 'interop', project: 'interop', where: 'sandbox', timeoutSeconds: 1800 },
  { name: 'differential', project: 'differential', where: 'sandbox', timeoutSeconds: 900 },
  { name: 'package', project: 'package', where: 'here', timeoutSeconds: 300 },
  { name: 'lab', project: 'lab', where: 'auto', timeoutSeconds: 1500 },
];

const nothing = { passed: 0, failed: 0, skipped: 0, notes: [], files: [] };

/** Runs one of the suites; returns how many of its tests passed, failed and were skipped, with notes for people. */
async function runSuite(suite) {
  const share = makeShare();
  try {
    const report = join(share, 'report.json');
    const program = suite.project
      ? ['node_modules/vitest/vitest.mjs', 'run', '--project', suite.project, '--reporter=default', '--reporter=json']
      : suite.program;
    const command = [process.execPath, ...program, ...(suite.project ? [`--outputFile.json=${report}`] : [])];
    if (suite.where && process.getuid() !== 0) {
      return { ...nothing, skipped: 1, notes: ['skipped as a whole: it needs root'], files: undefined };
    }
    const { where = 'here', timeoutSeconds } = suite;
    const exitCode =
      where === 'here'
        ? await runHere(command, timeoutSeconds)
        : (await runInLab({ command, where, timeoutSeconds, share, directory: checkout, say })).exitCode;
    return suite.project ? readReport(report, exitCode) : { ...nothing, ...(exitCode ? { failed: 1 } : { passed: 1 }) };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return { ...nothing, failed: 1, notes: [error.message] };
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

/** The exit code of a command in the checkout; 124 when it was ended after the timeout. */
function runHere([program, ...args], timeoutSeconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const interrupt = (signal) => {
      child.kill('SIGTERM');
      reject(new Interrupted(signal));
    };
    for (const signal of signals) process.once(signal, interrupt);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      for (const signal of signals) process.removeListener(signal, interrupt);
      resolve(code ?? 124);
    });
  });
}

/** Counts what vitest reported. A file that cannot be loaded counts as one failed test, and so does a run without tests. */
function readReport(file, exitCode) {
  if (!existsSync(file)) return { ...nothing, failed: 1, notes: [`no report (exit code ${exitCode})`] };
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const counts = { passed: 0, failed: 0, skipped: 0, notes: [], files: testResults.map((result) => result.name) };
  for (const { name, status, assertionResults } of testResults) {
    for (const test of assertionResults) {
      const outcome = test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped';
      counts[outcome] += 1;
      if (outcome !== 'passed') counts.notes.push(`${outcome}: ${relative(checkout, name)}: ${test.fullName}`);
    }
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) {
      counts.failed += 1;
      counts.notes.push(`failed: ${relative(checkout, name)} as a whole`);
    }
  }
  if (counts.failed === 0 && exitCode !== 0) {
    counts.failed += 1;
    counts.notes.push(testResults.length === 0 ? 'failed: there are no tests' : `failed: exit code ${exitCode}`);
  }
  return counts;
}

/** Test files that none of the reports mention. */
function filesNotRun(results) {
  const run = new Set(results.flatMap((result) => result.files ?? []));
  return readdirSync(join(checkout, 'test'), { recursive: true })
    .map((name) => join(checkout, 'test', name))
    .filter((name) => name.endsWith('.test.ts') && !run.has(name))
    .map((name) => relative(checkout, name));
}

async function main() {
  // What is read later as a file is read without the codes that colour a terminal.
  if (!process.stdout.isTTY) process.env.NO_COLOR ??= '1';
  const { complete } = await prepare();
  const results = [];
  const lines = [];
  for (const suite of suites) {
    process.stdout.write(`\n=== ${suite.name}\n`);
    const startedAt = performance.now();
    const result = await runSuite(suite);
    results.push(result);
    const took = ((performance.now() - startedAt) / 1000).toFixed(1);
    const { passed, failed, skipped } = result;
    lines.push(`${suite.name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped (${took} s)`);
    lines.push(...result.notes.map((note) => `               ${note}`));
  }
  const total = (what) => results.reduce((sum, result) => sum + result[what], 0);
  let failed = total('failed');
  // What a machine cannot run is not a file that was forgotten.
  const forgotten = results.every((result) => result.files) ? filesNotRun(results) : [];
  for (const file of forgotten) lines.push(`failed: ${file} belongs to no project that was run`);
  failed += forgotten.length;
  const [passed, skipped] = [total('passed'), total('skipped')];
  const capable = complete && process.getuid() === 0;
  if (capable && skipped > 0) lines.push(`${skipped} skipped, although this machine has what the tests need`);
  process.stdout.write(`\n=== summary\n${lines.join('\n')}\n\n`);
  process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed === 0 && passed > 0 && (skipped === 0 || !capable) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.stdout.write('tests: 0 passed, 1 failed, 0 skipped\n');
  process.exitCode = exitCodeOf(error);
}
