/** The agents and their configuration for measurements of large tables, and what ipvs-standin.c counts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type AgentName = 'holdfast' | 'keepalived';

export interface Sizes {
  readonly virtualServers: number;
  readonly realServers: number;
  /** Seconds from one check of a server to the next; undefined: there is no check. */
  readonly delayLoop?: number;
}

/** Of so many virtual servers with so many real servers each, and a check for each where there is a delay_loop. */
export function configurationOf({ virtualServers, realServers, delayLoop }: Sizes, changed = false): string {
  const check = delayLoop === undefined ? '' : 'TCP_CHECK { connect_timeout 2\n } ';
  const loop = delayLoop === undefined ? '' : ` delay_loop ${delayLoop}\n`;
  const blocks: string[] = [];
  for (let v = 0; v < virtualServers; v++) {
    const servers = Array.from({ length: realServers }, (_, r) => {
      const weight = changed && v === 0 && r === 0 ? 2 : 1;
      return ` real_server ${addressOf(v * realServers + r)} 80 { weight ${weight}\n ${check}}\n`;
    });
    blocks.push(
      `virtual_server 10.${v >> 8}.${v & 255}.1 80 {\n${loop} lb_algo wrr\n lb_kind DR\n protocol TCP\n${servers.join('')}}\n`,
    );
  }
  return blocks.join('');
}

export const addressOf = (n: number): string => `127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

/** What the stand-in has counted: see `struct counts` there. Times in milliseconds of the monotonic clock. */
export function readCounts(file: string) {
  try {
    const bytes = readFileSync(file);
    const at = (i: number) => Number(bytes.readBigUInt64LE(i * 8));
    const [services, destinations, changes, removals] = [at(0), at(1), at(2), at(3)];
    const all = services + destinations + changes + removals;
    return { all, destinations, lastAt: at(4) / 1e6, firstAt: at(5) / 1e6 };
  } catch {
    return { all: 0, destinations: 0, lastAt: 0, firstAt: 0 };
  }
}

/** Milliseconds of the clock that the counts have. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * How an agent is started in the foreground; what it writes is in `share`. keepalived keeps off syslog: where nobody takes
 * that, each of its lines goes to the machine's console, which can take milliseconds.
 */
export function commandOf(agent: AgentName, file: string, share: string): [string, string[]] {
  const at = (name: string) => join(share, name);
  return agent === 'holdfast'
    ? [process.execPath, ['bin/holdfast', '-n', '-l', '-f', file, '-p', at('main.pid'), '--run-dir', at('run')]]
    : ['keepalived', ['-n', '-l', '-G', '-f', file, '-p', at('p'), '-r', at('r'), '-c', at('c')]];
}
