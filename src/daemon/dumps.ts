/**
 * Answers the signals for dumps: asks the other processes what they know and writes the files that keepalived's tools and
 * exporters read. One after another; what is asked for once more meanwhile is written once more.
 */
import { replaceFile } from '../io/small-file.ts';
import type { VirtualServerReport } from '../status/report.ts';
import { addressText, routeText, ruleText } from './data-lines.ts';
import { dumpHost, resolvedText } from './dump-host.ts';
import { type DumpPaths, dumpPaths } from './dump-paths.ts';
import { dumpState } from './dump-state.ts';
import { statsText } from './dump-stats.ts';
import { keepalivedDump } from './keepalived-dump.ts';
import type { LogLevel } from './messages.ts';
import type { ProcessTrackReport } from './process-trackers.ts';
import type { Configuration } from './root.ts';
import type { RouterSnapshot } from './router-snapshot.ts';
import { DEFAULT_UMASK } from './runnable.ts';
import type { DumpRequest } from './signals.ts';
import { type DumpTexts, vrrpJson } from './vrrp-json.ts';

export interface DumpsWorld {
  configuration(): Configuration;
  /** The routers as they run; undefined: the election does not answer. `clear`: they count from zero afterwards. */
  askElection(clear: boolean): Promise<readonly RouterSnapshot[] | undefined>;
  /** The virtual servers as they run; undefined: the health process does not answer. */
  askHealth(): Promise<readonly VirtualServerReport[] | undefined>;
  trackedProcesses(): readonly ProcessTrackReport[];
  log(level: LogLevel, event: string, message: string, fields: Record<string, string>): void;
}

/** See the file's head. */
export class Dumps {
  readonly #world: DumpsWorld;
  readonly #pending = new Set<DumpRequest>();
  #working: Promise<void> | undefined;

  constructor(world: DumpsWorld) {
    this.#world = world;
  }

  /** Resolves when it is written. */
  request(request: DumpRequest): Promise<void> {
    this.#pending.add(request);
    this.#working ??= this.#work();
    return this.#working;
  }

  async #work(): Promise<void> {
    for (;;) {
      const [request] = this.#pending;
      if (request === undefined) break;
      this.#pending.delete(request);
      try {
        await this.#answer(request);
      } catch (error) {
        const sentence = `${request}: ${(error as Error).message}`;
        this.#world.log('error', 'dump-failed', sentence, { request });
      }
    }
    this.#working = undefined;
  }

  async #answer(request: DumpRequest): Promise<void> {
    if (request === 'TDUMP') {
      this.#world.log('notice', 'dump', 'TDUMP: holdfast has no threads to tell of; ask holdfast status', { request });
      return;
    }
    const snapshots = await this.#world.askElection(request === 'STATS_CLEAR');
    const configuration = this.#world.configuration();
    const { global, instanceName } = configuration;
    const paths = dumpPaths(global, instanceName, process.env.TMPDIR);
    const write = (path: string, text: string) => {
      replaceFile(path, text, global.umask ?? DEFAULT_UMASK);
      this.#world.log('info', 'dump', `${request}: ${path} is written`, { request, path });
    };
    if (snapshots === undefined && configuration.instances.length > 0) {
      throw new Error('the election process does not answer');
    }
    if (request === 'DATA') await this.#writeState(configuration, snapshots ?? [], paths, write);
    else if (request === 'JSON') write(paths.json, this.#json(configuration, snapshots ?? []));
    else write(paths.stats, statsText(snapshots ?? []));
  }

  async #writeState(
    configuration: Configuration,
    snapshots: readonly RouterSnapshot[],
    paths: DumpPaths,
    write: (path: string, text: string) => void,
  ): Promise<void> {
    const { instances, syncGroups, virtualServers, global } = configuration;
    const served = virtualServers.length === 0 ? [] : await this.#world.askHealth();
    if (served === undefined) throw new Error('the health process does not answer');
    const state = dumpState({ snapshots, virtualServers: served, syncGroups });
    const host = dumpHost(global);
    write(paths.state('parent'), keepalivedDump(configuration, host, state, []));
    if (instances.length > 0) write(paths.state('vrrp'), keepalivedDump(configuration, host, state, ['vrrp']));
    if (virtualServers.length > 0) write(paths.state('check'), keepalivedDump(configuration, host, state, ['check']));
  }

  #json({ global, instances, tracked }: Configuration, snapshots: readonly RouterSnapshot[]): string {
    const processes = this.#world.trackedProcesses();
    const source = { instances, snapshots, scripts: tracked.scripts, processes, texts };
    return vrrpJson(source, global.jsonVersion ?? 1);
  }
}

const texts: DumpTexts = {
  address: addressText,
  route: routeText,
  rule: ruleText,
  script: resolvedText,
};
