/**
 * Where the dumps are written: under keepalived's names in /tmp, or in $TMPDIR as newer ones do, so that exporters find
 * them; or where `state_dump_file` and its like say. keepalived.conf(5) "data_use_instance".
 */
import { basename, dirname, extname, isAbsolute, join } from 'node:path';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { DumpedPart } from './keepalived-dump.ts';

/** Of which part of the agent a state dump tells: main, the election, the health process. */
export type DumpPart = 'parent' | DumpedPart;

export interface DumpPaths {
  state(part: DumpPart): string;
  readonly stats: string;
  readonly json: string;
}

type DumpDefinitions = Pick<GlobalDefinitions, 'dataUseInstance' | 'stateDumpFile' | 'statsDumpFile' | 'jsonDumpFile'>;

/**
 * @param instance the name of the agent: keepalived.conf(5) "instance"
 * @param temporary $TMPDIR
 */
export function dumpPaths(
  { dataUseInstance, stateDumpFile, statsDumpFile, jsonDumpFile }: DumpDefinitions,
  instance: string | undefined,
  temporary: string | undefined,
): DumpPaths {
  const directory = temporary !== undefined && isAbsolute(temporary) ? temporary : '/tmp';
  const place = (given: string | undefined, usual: string) => {
    if (given === undefined) return join(directory, usual);
    return given.endsWith('/') ? join(given, usual) : given;
  };
  const state = place(stateDumpFile, 'keepalived.data');
  const suffix = dataUseInstance && instance !== undefined ? `.${instance}` : '';
  return {
    state: (part) => {
      const extension = extname(state);
      const middle = part === 'vrrp' ? '' : `_${part}`;
      return join(dirname(state), `${basename(state, extension)}${middle}${suffix}${extension}`);
    },
    stats: place(statsDumpFile, 'keepalived.stats'),
    json: place(jsonDumpFile, 'keepalived.json'),
  };
}
