/**
 * The drill: everything that can happen to a pair of directors, done to real ones, and what their client sees of it.
 *
 * Started by scripts/drill.mjs inside the lab, with its settings as JSON in the only argument.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentName, makeAgent } from './agents.ts';
import { Cluster, type DirectorName, directors, type Mode } from './cluster.ts';
import { EchoProbe, HttpProbe } from './probes.ts';
import { type Drill, type Step, steps, viewsAgree } from './steps.ts';
import { type Row, table } from './table.ts';

interface Settings {
  readonly mode: Mode;
  readonly agent: AgentName;
  /** The directory with director1.conf and director2.conf. */
  readonly config: string;
  /** Where the report is written as JSON. */
  readonly json: string;
}

const where = process.env.HOLDFAST_LAB ?? 'native';
const startedAt = performance.now();

function say(line: string): void {
  process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

async function main(settings: Settings): Promise<boolean> {
  say(`a cluster for ${settings.mode.toUpperCase()} with ${settings.agent} on both directors`);
  const cluster = await Cluster.build(settings.mode);
  try {
    const agents = {
      director1: agentOn(cluster, settings, 'director1'),
      director2: agentOn(cluster, settings, 'director2'),
    };
    const drill: Drill = {
      cluster,
      agents,
      http: new HttpProbe(cluster),
      // Emulated processors are slow at everything, JavaScript most of all.
      latencyMs: where === 'vm' ? 1_500 : 300,
      say,
    };
    const echo = new EchoProbe(cluster);
    const rows: Row[] = [];
    for (const [index, step] of steps.entries()) {
      const row = await perform(drill, echo, step, `${index + 1}/${steps.length}`);
      rows.push(row);
      // Without a first master there is nothing to take away.
      if (!row.ok && index === 0) break;
    }
    report(settings, rows);
    return rows.length === steps.length && rows.every((row) => row.ok);
  } finally {
    cluster.close();
  }
}

function agentOn(cluster: Cluster, settings: Settings, director: DirectorName): Agent {
  const configurationFile = join(settings.config, `${director}.conf`);
  if (!existsSync(configurationFile)) throw new Error(`there is no ${configurationFile}`);
  const onStateChange = (state: string): void => say(`  ${director}: ${state}`);
  return makeAgent(settings.agent, { cluster, director, configurationFile, onStateChange });
}

/** Does one step and everything that is asked after each. */
async function perform(drill: Drill, echo: EchoProbe, step: Step, number: string): Promise<Row> {
  say(`${number} ${step.name}: expecting ${step.expected}`);
  await echo.takeGap();
  drill.http.take();
  const begun = performance.now();
  let ok = true;
  let seen: string;
  let tookMs: number | undefined;
  try {
    seen = await step.run(drill);
    tookMs = performance.now() - begun;
    await viewsAgree(drill);
  } catch (error) {
    ok = false;
    seen = error instanceof Error ? error.message : String(error);
  }
  tookMs ??= performance.now() - begun;
  const gapMs = await echo.takeGap();
  const http = drill.http.take();
  const limit = step.gapLimit?.(drill);
  if (limit !== undefined && gapMs > limit) {
    ok = false;
    seen += `; the client was without an echo for more than ${Math.round(limit)} ms`;
  }
  const row: Row = {
    name: step.name,
    ok,
    expected: step.expected,
    seen,
    tookMs: Math.round(tookMs),
    gapMs: limit === undefined ? null : Math.round(gapMs),
    gapLimitMs: limit === undefined ? null : Math.round(limit),
    httpAnswered: http.answered,
    httpFailed: http.failed,
    httpGapMs: Math.round(http.gapMs),
  };
  const gap = row.gapMs === null ? '' : `; longest gap ${row.gapMs} ms`;
  say(`  ${ok ? 'as expected' : 'NOT AS EXPECTED'}: ${seen}${gap}; ${http.answered} requests, ${http.failed} failed`);
  if (!ok) await explain(drill);
  return row;
}

/** What helps to understand a failed step: the kernel's tables and the ends of the agents' logs. */
async function explain({ cluster, agents }: Drill): Promise<void> {
  for (const name of directors) {
    const addresses = await cluster.addresses(name);
    const ipvs = await cluster.exec(name, 'ipvsadm', '-Ln');
    process.stdout.write(
      `--- ${name}: ${addresses.join(' ')}; agent ${agents[name].running ? 'runs' : 'does not run'}\n`,
    );
    process.stdout.write(`${ipvs.stdout.trimEnd()}\n`);
    process.stdout.write(`${agents[name].log(25).join('\n')}\n---\n`);
  }
}

function report(settings: Settings, rows: readonly Row[]): void {
  const ok = rows.length === steps.length && rows.every((row) => row.ok);
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  const { mode, agent } = settings;
  process.stdout.write(`\n${table(rows)}\n`);
  const total = Math.round(performance.now() - startedAt);
  process.stdout.write(
    `${agent}, ${mode.toUpperCase()}, Linux ${kernel} (${where === 'vm' ? 'emulated: times are only good as ratios' : 'native'}), ` +
      `${(total / 1000).toFixed(0)} s: ${ok ? 'everything as expected' : 'NOT everything as expected'}\n`,
  );
  writeFileSync(
    settings.json,
    `${JSON.stringify({ mode, agent, kernel, where, tookMs: total, ok, steps: rows }, null, 2)}\n`,
  );
}

try {
  process.exitCode = (await main(JSON.parse(process.argv[2] ?? '') as Settings)) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
