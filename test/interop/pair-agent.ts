/** An agent on one side of a pair: holdfast, or the keepalived or FRR that is installed. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StatusReport } from '../../src/status/report.ts';
import { Background, type Outcome, run, until } from '../lab/process.ts';
import { frrCommand } from './frr.ts';

export type PairAgentName = 'holdfast' | 'keepalived' | 'frr';

/** keepalived's options for the files of process ids. */
const PID_FILES = ['-p', '-r', '-c', '-b'];

const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');

/** See the file's head. */
export class PairAgent {
  readonly name: PairAgentName;
  readonly file: string;
  /** What it has logged. */
  readonly lines: string[] = [];
  /** When each of these lines was read, by performance.now(). */
  readonly lineTimes: number[] = [];
  readonly #directory: string;
  readonly #inside: (words: readonly string[]) => [string, string[]];
  readonly #pids: () => Promise<number[]>;
  /** Options beside the usual ones. */
  readonly #extra: readonly string[];
  #process: Background | undefined;

  constructor(
    name: PairAgentName,
    file: string,
    directory: string,
    inside: (words: readonly string[]) => [string, string[]],
    pids: () => Promise<number[]>,
    extra: readonly string[] = [],
  ) {
    this.name = name;
    this.file = file;
    this.#directory = directory;
    this.#inside = inside;
    this.#pids = pids;
    this.#extra = extra;
    mkdirSync(directory, { recursive: true });
  }

  /** Its processes. */
  pids(): Promise<number[]> {
    return this.#pids();
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  /** The states that the log named, in their order: of one instance, or of all. */
  states(instance?: string): string[] {
    return this.lines.flatMap((line) => {
      const found = /\((\S+)\) Entering (\w+) STATE/i.exec(line);
      return found && (instance === undefined || found[1] === instance) ? [found[2] as string] : [];
    });
  }

  start(): void {
    // keepalived believes that it runs already when it sees the pid file of another one, or of an earlier life
    for (const option of PID_FILES) rmSync(this.#pidFile(option), { force: true });
    rmSync(join(this.#directory, 'zserv.api'), { force: true });
    this.#process = new Background(...this.#inside(this.#command()), (line) => {
      this.lines.push(line);
      this.lineTimes.push(performance.now());
    });
  }

  /** Waits for a line of the log, among those from `since` on. */
  says(text: string, withinSeconds = 10, since = 0): Promise<string> {
    return until(`${this.name} says '${text}'`, withinSeconds * 1000, () =>
      this.lines.slice(since).find((line) => line.includes(text)),
    );
  }

  /** Another configuration, and the signal to read it. */
  reload(configuration: string): void {
    writeFileSync(this.file, configuration);
    this.#process?.signal('SIGHUP');
  }

  /** Any signal to its main process, real-time ones too. */
  signal(signal: number): void {
    if (this.#process?.pid !== undefined) process.kill(this.#process.pid, signal);
  }

  /** SIGTERM, and waits for the end. */
  async stop(): Promise<void> {
    this.#process?.signal('SIGTERM');
    await this.#process?.ended;
  }

  /** Ends all of its processes at once, none of them having the chance to act on the death of another. */
  async kill(): Promise<void> {
    const pids = await this.#pids();
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of pids) process.kill(pid, signal);
    await this.#process?.ended;
  }

  /** Ends holdfast's election process, and nothing else. */
  async killElection(): Promise<void> {
    for (const pid of await this.#pids()) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.includes('@election')) process.kill(pid, 'SIGKILL');
    }
  }

  /** What holdfast says of itself; undefined when it does not answer. */
  async status(): Promise<StatusReport | undefined> {
    const outcome = await run(...this.#inside([PROGRAM, 'status', '--json', '--run-dir', this.#directory]));
    return outcome.code === 0 ? (JSON.parse(outcome.stdout) as StatusReport) : undefined;
  }

  /** Runs `holdfast` with another word about the agent's file and directory, to its end. */
  command(word: string): Promise<Outcome> {
    return run(...this.#inside([PROGRAM, word, this.file, '--run-dir', this.#directory]));
  }

  #command(): readonly string[] {
    const common = ['-n', '-l', '-D', '-f', this.file, ...this.#extra];
    if (this.name === 'holdfast') return [PROGRAM, ...common, '--run-dir', this.#directory];
    if (this.name === 'frr') return frrCommand(readFileSync(this.file, 'utf8'), this.#directory);
    // where nobody takes syslog, each of its lines would go to the machine's console, which can take milliseconds
    return ['keepalived', '-G', ...common, ...PID_FILES.flatMap((option) => [option, this.#pidFile(option)])];
  }

  #pidFile(option: string): string {
    return join(this.#directory, `pid${option}`);
  }
}
