/** keepalived.data of configurations: what the keepalived that is installed on this host dumps on SIGUSR1. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The interfaces of the network that keepalived runs in, each with an address. */
export const INTERFACES = ['lo', 'eth0', 'eth1', 'eth2', 'eth3'];

/** Sections by their titles. */
export type Sections = ReadonlyMap<string, readonly string[]>;

/**
 * A network, a /run and a /tmp of its own; then keepalived in the place of the shell, so that signals reach it. $1: the
 * folder that it finds as /tmp.
 */
const START = `
  mount -t tmpfs run /run && mount --bind "$1" /tmp && ip link set lo up &&
  for n in 0 1 2 3; do
    ip link add eth$n type veth peer name peer$n && ip link set peer$n up && ip link set eth$n up &&
    ip addr add 192.168.$((4 + n)).2/24 dev eth$n
  done &&
  LD_PRELOAD=/tmp/answers.so exec keepalived -n -l -D -f /tmp/keepalived.conf`;

const ANSWERS = join(import.meta.dirname, '../../support/ipvs-answers.c');
/** Asked again where the process was not there yet. */
const ASK_AGAIN_MS = 200;
const PATIENCE_MS = 60_000;

/** Why it cannot be asked here. */
export function whyNoDump(): string | undefined {
  if (spawnSync('keepalived', ['--version']).error !== undefined) return 'keepalived is not installed';
  return spawnSync('unshare', ['-n', '-m', 'true']).status === 0 ? undefined : 'no namespaces can be made here';
}

/** Makes the stand-in for the kernel's IPVS. @returns its path */
export function buildAnswers(folder: string): string {
  const library = join(folder, 'answers.so');
  const made = spawnSync('g++', ['-x', 'c', '-shared', '-fPIC', '-O1', '-o', library, ANSWERS], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`${ANSWERS}: ${made.stderr}`);
  return library;
}

/** A process of keepalived: how it says that it dumps, and the file. */
const PROCESSES = {
  vrrp: ['Printing VRRP data', 'keepalived.data'],
  checks: ['Printing checker data', 'keepalived_check.data'],
  bfd: ['Printing BFD data', 'keepalived_bfd.data'],
} as const;
export type KeepalivedProcess = keyof typeof PROCESSES;

/**
 * Starts keepalived with a text and asks for its dump.
 * @param folder an empty one, for this file alone
 * @param processes those that the file makes it start
 */
export async function keepalivedDump(
  text: string,
  folder: string,
  answers: string,
  processes: readonly KeepalivedProcess[],
): Promise<ReadonlyMap<KeepalivedProcess, Sections>> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'keepalived.conf'), text);
  copyFileSync(answers, join(folder, 'answers.so'));
  const child = spawn('unshare', ['-n', '-m', 'sh', '-c', START, 'sh', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    let asking: NodeJS.Timeout | undefined;
    const ask = () => {
      child.kill('SIGUSR1');
      asking = setTimeout(ask, ASK_AGAIN_MS);
    };
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const hear = (chunk: Buffer) => {
      log += chunk;
      if (asking === undefined && log.includes('Startup complete')) ask();
      // each process writes its file before it looks at the next signal
      if (processes.every((name) => log.includes(PROCESSES[name][0]))) {
        clearTimeout(asking);
        child.kill('SIGTERM');
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(asking);
      clearTimeout(patience);
      resolve();
    });
  });
  return new Map(
    processes.map((name) => {
      const path = join(folder, PROCESSES[name][1]);
      if (!existsSync(path)) throw new Error(`keepalived wrote no ${PROCESSES[name][1]}:\n${log}`);
      return [name, sectionsOf(readFileSync(path, 'utf8'))];
    }),
  );
}

/** The sections of a dump. */
export function sectionsOf(text: string): Sections {
  const sections = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split('\n')) {
    const title = /^------< (.*) >------$/.exec(line)?.[1];
    if (title !== undefined) {
      lines = sections.get(title) ?? [];
      sections.set(title, lines);
    } else if (line !== '') lines?.push(line);
  }
  return sections;
}

/** Lines about what runs, and about memory, descriptors and timers. */
const STATE = new RegExp(
  `^ *(${[
    ...['State = ', 'Wantstate', 'Flags: none', 'Flags:$', 'Number of ', 'Last transition', 'Read timeout'],
    ...['Master (router|priority|advert|down)', '(Effective|Total) priority', 'fd_', 'No sockets', 'Next gratuitous'],
    ...['Enabled = ', 'Up = ', 'Has run', 'Current ', 'Retries iterations', 'alive = ', 'quorum_state_up', 'reloaded'],
    ...[
      '(effective weight|previous effective|num failed|RS set)',
      'Alive: ',
      'Fwmark TCP',
      'Failed URL',
      'Regex ref count',
      'Last (ran|status)',
    ],
    ...['Reloaded = ', 'Result = ', 'Status = ', 'Have quorum', '(Fork|Terminate) delay timer', 'Bfd is', 'Num member'],
    ...['libnftnl', 'current realtime', 'System is compiled', 'G(ARP|NA) next', 'thread_', 'sands_', 'send error'],
    ...['Init state', 'local ', 'remote ', '!?poll', 'last_seen', 'tx_', 'No reload scheduled'],
  ].join('|')})`,
);

/** The lines that come from the configuration alone. */
export const withoutState = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => {
    if (STATE.test(line)) return [];
    // the address that an instance found for itself
    if (/^ *Using src_ip = (?!.*from configuration)/.test(line)) return [];
    return [
      line
        .replace(/, is_up = (true|false)/, '')
        .replace(/, ifindex \d+$/, '')
        .replace(/ set$| \[installed ifindex \d+\]$/, '')
        .replace(/^( VRRP Sync Group = .*), [A-Z]+$/, '$1')
        .replace(/ EFF WEIGHT = \d+$/, '')
        .replace(/^( *Regex options:).*/, '$1')
        .trimEnd(),
    ];
  });
