/**
 * What instances, sync groups and tracked things say of each other by name: scripts that nobody defined, members that
 * do not exist, interfaces that are not there. Messages and results follow keepalived.
 */
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import type { Statement } from '../config/statement.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { Reading } from '../config/table.ts';
import type { AddressLine } from './address-keywords.ts';
import type { Tracked, Tracking } from './instance.ts';
import type { vrrpInstanceKeywords, vrrpSyncGroupKeywords } from './keywords.ts';
import type { RouteLine } from './route-keywords.ts';
import type { RuleLine } from './rule-keywords.ts';
import { isOwner, readSyncGroups, type SyncGroups, unweighted } from './sync-groups.ts';
import type {
  BfdReading,
  LineWeight,
  ScriptReading,
  TrackedLine,
  TrackFileReading,
  TrackProcessReading,
  Weight,
} from './tracking-keywords.ts';

export type InstanceReading = Reading<(typeof vrrpInstanceKeywords)['entries']>;
export type SyncGroupReading = Reading<(typeof vrrpSyncGroupKeywords)['entries']>;

/** All blocks that name each other. */
export interface NamedBlocks {
  readonly instances: readonly InstanceReading[];
  readonly syncGroups: readonly SyncGroupReading[];
  readonly scripts: readonly ScriptReading[];
  readonly trackFiles: readonly TrackFileReading[];
  readonly trackProcesses: readonly TrackProcessReading[];
  readonly bfdInstances: readonly BfdReading[];
  readonly staticAddresses: readonly AddressLine[];
  readonly staticRoutes: readonly RouteLine[];
  readonly staticRules: readonly RuleLine[];
}

/** The blocks of a file in their order. */
export type BlockOrder = readonly Statement[];

const BFD_NAME_MAX = 31;

/** The kinds of things that can be tracked, as messages call them. */
type Kind = 'vrrp_script' | 'track_file' | 'vrrp_track_process' | 'bfd_instance';

/**
 * Says what is wrong with the names.
 * @returns the groups, and what every instance tracks
 * @param unusable scripts that have been removed; a word about each has been said
 */
export function checkReferences(
  blocks: NamedBlocks,
  order: BlockOrder,
  unusable: ReadonlySet<string>,
  interfaceExists: ((name: string) => boolean) | undefined,
  report: Report,
): SyncGroups {
  return new References(blocks, order, unusable, interfaceExists ?? (() => true), report).check();
}

class References {
  readonly #blocks: NamedBlocks;
  readonly #interfaceExists: (name: string) => boolean;
  readonly #report: Report;
  /** The place of each block in the file. */
  readonly #position: ReadonlyMap<Statement, number>;
  /** What can be tracked, by name, and the place of its definition. */
  readonly #known: Readonly<Record<Kind, ReadonlyMap<string, number>>>;
  /** Of those that have one. */
  readonly #weights: Readonly<Record<Kind, ReadonlyMap<string, Weight>>>;

  constructor(
    blocks: NamedBlocks,
    order: BlockOrder,
    unusable: ReadonlySet<string>,
    interfaceExists: (name: string) => boolean,
    report: Report,
  ) {
    this.#blocks = blocks;
    this.#interfaceExists = interfaceExists;
    this.#report = report;
    this.#position = new Map(order.map((statement, i) => [statement, i]));
    const named = (all: readonly { readonly header: readonly Word[]; readonly owner: Statement }[]) =>
      new Map(all.map((one) => [nameOf(one), this.#position.get(one.owner) ?? 0] as const).reverse());
    this.#known = {
      vrrp_script: named(blocks.scripts.filter((one) => one.values.script !== undefined && !unusable.has(nameOf(one)))),
      track_file: named(blocks.trackFiles.filter(({ values }) => values.file !== undefined)),
      vrrp_track_process: named(blocks.trackProcesses.filter(({ values }) => values.process !== undefined)),
      bfd_instance: named(blocks.bfdInstances.filter(({ values: { vrrp, checker } }) => vrrp || !checker)),
    };
    this.#weights = {
      vrrp_script: weightsOf(blocks.scripts),
      track_file: weightsOf(blocks.trackFiles),
      vrrp_track_process: weightsOf(blocks.trackProcesses),
      bfd_instance: weightsOf(blocks.bfdInstances),
    };
  }

  check(): SyncGroups {
    this.#definitions();
    const tracking = new Map<string, Tracking>();
    for (const instance of this.#blocks.instances) {
      const tracked = this.#instance(instance);
      // Of two with one name the first one counts.
      if (!tracking.has(nameOf(instance))) tracking.set(nameOf(instance), tracked);
    }
    const instances = new Map(this.#blocks.instances.map((one) => [nameOf(one), one]));
    const ofGroup = (reading: SyncGroupReading) => this.#ofGroup(reading);
    const syncGroups = readSyncGroups(this.#blocks.syncGroups, instances, tracking, ofGroup, this.#report);
    for (const { word, interface: text } of this.#blocks.staticAddresses) {
      if (text !== undefined) this.#present([{ ...word, text }]);
    }
    for (const { interfaces } of [...this.#blocks.staticRoutes, ...this.#blocks.staticRules]) this.#present(interfaces);
    const { groups, notifyPriorityChanges } = syncGroups;
    return { tracking: new Map([...tracking, ...syncGroups.tracking]), groups, notifyPriorityChanges };
  }

  #definitions(): void {
    const { scripts, trackFiles, trackProcesses, bfdInstances } = this.#blocks;
    for (const { values, keyword, header } of scripts) {
      if (values.script === undefined) this.#lacks(keyword, header, 'script');
    }
    for (const { values, keyword, header } of trackFiles) {
      if (values.file === undefined) this.#lacks(keyword, header, 'file');
    }
    for (const { values, keyword, header, at } of trackProcesses) {
      if (values.process === undefined) this.#lacks(keyword, header, 'process');
      const { quorum = 1, quorumMax } = values;
      if (quorumMax !== undefined && quorumMax > 0 && quorumMax < quorum) {
        this.#report.warning(at('quorumMax')?.keyword ?? keyword, 'quorum_max is less than quorum; it is ignored');
      }
    }
    this.#bfdNames();
    for (const { values, keyword, header, at, refused } of bfdInstances) {
      const { neighbour, source, maxHops, ttl } = values;
      if (neighbour === undefined && !refused('neighbour')) {
        const name = header[0]?.text ?? '';
        this.#report.error(keyword, `bfd_instance ${name} has no neighbor_ip; it is never up`);
      }
      if (neighbour !== undefined && source !== undefined && neighbour.includes(':') !== source.includes(':')) {
        this.#report.error(at('source')?.args[0] ?? keyword, 'source_ip is not of the family of neighbor_ip');
      }
      if (maxHops !== undefined && ttl !== undefined && maxHops > ttl) {
        this.#report.warning(
          at('maxHops')?.args[0] ?? keyword,
          `max_hops is more than the ttl of ${ttl}, it becomes that`,
        );
      }
    }
  }

  /** Each session has a name and another end of its own. */
  #bfdNames(): void {
    const names = new Set<string>();
    const ends = new Set<string>();
    for (const { values, keyword, header, at } of this.#blocks.bfdInstances) {
      const name = header[0]?.text ?? '';
      const { neighbour } = values;
      if (new TextEncoder().encode(name).length > BFD_NAME_MAX) {
        this.#report.error(header[0] ?? keyword, `the name of a bfd_instance has at most ${BFD_NAME_MAX} bytes`);
      } else if (names.has(name)) this.#report.error(keyword, `bfd_instance ${name} again; the first one counts`);
      else if (neighbour !== undefined && ends.has(neighbour)) {
        this.#report.error(
          at('neighbour')?.args[0] ?? keyword,
          `another bfd_instance has ${neighbour} already; this one is never up`,
        );
      }
      names.add(name);
      if (neighbour !== undefined) ends.add(neighbour);
    }
  }

  #lacks(keyword: Word, header: readonly Word[], word: string): void {
    this.#report.error(keyword, `${keyword.text} ${header[0]?.text ?? ''} has no ${word}; it is left out`);
  }

  #instance(reading: InstanceReading): Tracking {
    const { values } = reading;
    const tracking = { interfaces: this.#interfaces(values), ...this.#tracked(reading) };
    this.#present(values.trackInterface.map(({ word }) => word));
    for (const { interfaces } of [...values.virtualRoutes, ...values.virtualRules]) this.#present(interfaces);
    if (!isOwner(reading)) return tracking;
    const say = (lines: readonly TrackedLine[], name: string, consequence: string) => {
      const word = lines.find((line) => line.word.text === name)?.word;
      if (word !== undefined) this.#report.warning(word, `priority 255 does not change, so ${name} ${consequence}`);
    };
    return unweighted(tracking, values, {
      dropped: (lines, name) => say(lines, name, 'is not tracked with a weight'),
      cleared: (lines, name) => say(lines, name, 'is tracked without its weight'),
      clearsInterfaces: false,
    });
  }

  /** The interface of the instance itself needs no tracking. */
  #interfaces({ trackInterface, interface: own }: InstanceReading['values']): Tracked[] {
    const interfaces = new Map<string, Tracked>();
    for (const { word, weight } of trackInterface) {
      const { text } = word;
      if (interfaces.has(text)) this.#report.warning(word, `${text} is tracked already; this line is ignored`);
      else if (text !== own) interfaces.set(text, { name: text, ...joined(PLAIN, weight) });
      else {
        this.#report.warning(word, `${text} is the interface of the instance itself; the line is ignored`, {
          suggestion: 'remove it',
        });
      }
    }
    return [...interfaces.values()];
  }

  #tracked(reading: InstanceReading | SyncGroupReading): Omit<Tracking, 'interfaces'> {
    const { values } = reading;
    const position = this.#position.get(reading.owner) ?? Infinity;
    return {
      scripts: this.#names(values.trackScript, 'vrrp_script', position),
      files: this.#names(values.trackFile, 'track_file', position),
      processes: this.#names(values.trackProcess, 'vrrp_track_process', position),
      bfd: this.#names(values.trackBfd, 'bfd_instance', position),
    };
  }

  #names(tracked: readonly TrackedLine[], kind: Kind, position: number): Tracked[] {
    const result = new Map<string, Tracked>();
    for (const { word, weight } of tracked) {
      const { text } = word;
      const defined = this.#known[kind].get(text);
      if (defined === undefined) {
        const near = nearestWord(text, this.#known[kind].keys(), this.#report);
        this.#report.error(word, `there is no ${kind} ${text}; it is not tracked`, {
          ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
        });
      } else if (defined > position) {
        this.#report.error(word, `the ${kind} ${text} comes later in the file; it is not tracked`, {
          suggestion: `move the ${kind} before what tracks it`,
        });
      } else if (result.has(text)) {
        this.#report.warning(word, `${text} is tracked already; this line is ignored`);
      } else result.set(text, { name: text, ...joined(this.#weightOf(kind, text), weight) });
    }
    return [...result.values()];
  }

  /** The weight of a tracked thing where the line has none. */
  #weightOf(kind: Kind, name: string): Weight {
    return this.#weights[kind].get(name) ?? { weight: kind === 'track_file' ? 1 : 0, reverse: false };
  }

  #ofGroup(reading: SyncGroupReading): Tracking {
    const { trackInterface } = reading.values;
    this.#present(trackInterface.map(({ word }) => word));
    const interfaces = trackInterface.map(
      ({ word, weight }): Tracked => ({ name: word.text, ...joined(PLAIN, weight) }),
    );
    return { interfaces, ...this.#tracked(reading) };
  }

  #present(interfaces: readonly Word[]): void {
    for (const word of interfaces) {
      if (!this.#interfaceExists(word.text)) {
        this.#report.warning(word, `interface ${word.text} does not exist on this host`);
      }
    }
  }
}

const nameOf = ({ header }: { readonly header: readonly Word[] }): string => header[0]?.text ?? '';

/** The weight of a thing that says nothing. */
const PLAIN: Weight = { weight: 0, reverse: false };

/** The weight of a line, with what it leaves to the tracked thing. */
const joined = (own: Weight, line: LineWeight | undefined): Weight =>
  line === undefined ? own : { weight: line.weight, reverse: line.reverse ?? own.reverse };

/** By name; of two with one name the first one counts. */
function weightsOf(
  all: readonly { readonly header: readonly Word[]; readonly values: { readonly weight?: Weight } }[],
): ReadonlyMap<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const one of [...all].reverse()) {
    const { weight } = one.values;
    if (weight === undefined) weights.delete(nameOf(one));
    else weights.set(nameOf(one), weight);
  }
  return weights;
}
