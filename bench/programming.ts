/**
 * How fast a large table is programmed into the kernel's own IPVS: keepalived, holdfast and `ipvsadm -R`, in turn. The agents'
 * commands are counted on their way (ipvs-standin.c); in the end each table has to be whole. Nothing is judged here.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, succeed, until } from '../test/lab/process.ts';
import { type AgentName, addressOf, commandOf, configurationOf, monotonic, readCounts } from './large-table.ts';

export interface Settings {
  readonly rounds: number;
  readonly virtualServers: number;
  readonly realServers: number;
  /** The library to load before the agents. */
  readonly standIn: string;
  /** A directory for files. */
  readonly share: string;
  /** Where the runs go, as JSON. */
  readonly json: string;
}

export interface Run {
  readonly program: AgentName | 'ipvsadm';
  /** Milliseconds from the start of the program to its last command; of ipvsadm, to its end. */
  readonly completeMs: number;
  /** From the first command to the last one; of ipvsadm the same as completeMs. */
  readonly programmingMs: number;
  /** Of holdfast: from `ipvsadm -C` to the last command that made the table whole again. */
  readonly repairMs?: number;
}

/** In memory: files that a virtual machine shares with its host can neither be mapped by two nor be sockets. */
const OWN = mkdtempSync('/dev/shm/holdfast-');
const COUNTS = join(OWN, 'counts');

async function wholeTable({ virtualServers, realServers }: Settings): Promise<void> {
  const lines = (await succeed('ipvsadm', ['-S', '-n'])).trim().split('\n');
  const wanted = virtualServers * (realServers + 1);
  if (lines.length !== wanted) throw new Error(`the table has ${lines.length} lines, and not ${wanted}`);
}

async function measureAgent(agent: AgentName, settings: Settings): Promise<Run> {
  const { share, standIn, virtualServers, realServers } = settings;
  const [counts, file] = [COUNTS, join(share, 'agent.conf')];
  rmSync(counts, { force: true });
  writeFileSync(file, configurationOf(settings));
  const log = openSync(join(share, 'agent.log'), 'w');
  const environment = { ...process.env, LD_PRELOAD: standIn, IPVS_STANDIN_COUNTS: counts, IPVS_STANDIN_WATCHES: '1' };
  const startedAt = monotonic();
  const child = spawn(...commandOf(agent, file, OWN), { env: environment, stdio: ['ignore', log, log] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const wanted = virtualServers * realServers;
    await until('every command is sent', 120_000, () => (readCounts(counts).destinations >= wanted ? true : undefined));
    await until('the table is whole', 10_000, () =>
      wholeTable(settings).then(
        () => true,
        () => undefined,
      ),
    );
    const { firstAt, lastAt } = readCounts(counts);
    const one = { program: agent, completeMs: lastAt - startedAt, programmingMs: lastAt - firstAt };
    if (agent === 'keepalived') return one;
    const clearedAt = monotonic();
    await succeed('ipvsadm', ['-C']);
    await until('it is made anew', 60_000, () => (readCounts(counts).destinations >= 2 * wanted ? true : undefined));
    await wholeTable(settings);
    return { ...one, repairMs: readCounts(counts).lastAt - clearedAt };
  } catch (error) {
    const said = readFileSync(join(share, 'agent.log'), 'utf8').split('\n').slice(-20).join('\n');
    throw new Error(`${agent}: ${(error as Error).message}; it said last:\n${said}`);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function measureIpvsadm(settings: Settings): Promise<Run> {
  const { virtualServers, realServers } = settings;
  const rules: string[] = [];
  for (let v = 0; v < virtualServers; v++) {
    const service = `-t 10.${v >> 8}.${v & 255}.1:80`;
    rules.push(`-A ${service} -s wrr`);
    for (let r = 0; r < realServers; r++) rules.push(`-a ${service} -r ${addressOf(v * realServers + r)}:80 -g -w 1`);
  }
  const startedAt = monotonic();
  await succeed('ipvsadm', ['-R'], `${rules.join('\n')}\n`);
  const completeMs = monotonic() - startedAt;
  await wholeTable(settings);
  return { program: 'ipvsadm', completeMs, programmingMs: completeMs };
}

/**
 * All programs in turn. The kernel keeps removed destinations for two minutes and looks through them for each one that is added:
 * every program gets a network namespace of its own. They stay until the end, so that taking one down disturbs nobody.
 */
async function measureInTurn(settings: Settings): Promise<Run[]> {
  const runs: Run[] = [];
  const namespaces: string[] = [];
  try {
    for (let round = 0; round < settings.rounds; round++) {
      for (const program of ['keepalived', 'holdfast', 'ipvsadm'] as const) {
        const namespace = `holdfast-table-${process.pid}-${namespaces.length}`;
        await succeed('ip', ['netns', 'add', namespace]);
        namespaces.push(namespace);
        const myself = [process.execPath, process.argv[1] ?? '', JSON.stringify({ ...settings, program })];
        const one = JSON.parse(await succeed('ip', ['netns', 'exec', namespace, ...myself])) as Run;
        process.stderr.write(`${program}: ${one.programmingMs.toFixed(0)} ms of commands\n`);
        runs.push(one);
      }
    }
  } finally {
    for (const namespace of namespaces) await run('ip', ['netns', 'delete', namespace]);
  }
  return runs;
}

/** One program, in this network namespace. */
async function measureHere(program: Run['program'], settings: Settings): Promise<Run> {
  await run('ip', ['link', 'set', 'lo', 'up']);
  try {
    return program === 'ipvsadm' ? await measureIpvsadm(settings) : await measureAgent(program, settings);
  } finally {
    await run('ipvsadm', ['-C']);
  }
}

/** Without a program it is the one that starts itself for each. */
const { program, ...settings } = JSON.parse(process.argv[2] ?? '{}') as Settings & { program?: Run['program'] };
if (program === undefined) writeFileSync(settings.json, JSON.stringify(await measureInTurn(settings)));
else process.stdout.write(JSON.stringify(await measureHere(program, settings)));
rmSync(OWN, { recursive: true });
