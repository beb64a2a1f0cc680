/**
 * What virtual_server blocks come to: defaults, corrections, contradictions. The results and the messages follow
 * keepalived; a comment says where they do not.
 */

import { type Family, familyOf } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import { type Duration, ZERO } from '../base/time.ts';
import type { Details, Report } from '../config/diagnostics.ts';
import type { Protocol } from '../wire/ipvs.ts';
import { familiesOf } from './group-keywords.ts';
import { readTarget, type VirtualServerReading } from './keywords.ts';
import { DEFAULT_PERSISTENCE, endpointBefore } from './methods.ts';
import { type OrderedLines, readOrderedLines } from './ordered-lines.ts';
import {
  type Around,
  Aside,
  buildRealServers,
  buildSorryServer,
  checkDefaults,
  type ServiceContext,
} from './real-servers.ts';
import { prefixLengthOf, servicesOf } from './services.ts';
import { serviceId } from './table.ts';
import type { Forwarding, RealServer, Target, VirtualServer, VirtualServerGroup } from './virtual-server.ts';

const DEFAULT_SCHEDULER = 'wlc';
const DEFAULT_FORWARDING: Forwarding = { forwardingMethod: 'masquerading' };

/**
 * The virtual servers that can be served, in the order of the file, by the blocks that they come from.
 * @param contextOf what is known where a block stands
 */
export function buildVirtualServers(
  readings: readonly VirtualServerReading[],
  groups: readonly VirtualServerGroup[],
  contextOf: (reading: VirtualServerReading) => ServiceContext,
  report: Report,
): ReadonlyMap<VirtualServerReading, VirtualServer> {
  const servers = new Map<VirtualServerReading, VirtualServer>();
  const places = new Map<string, { readonly first: VirtualServerReading; count: number }>();
  const indices = new Map<string, number>();
  const aside = new Aside();
  for (const reading of readings) {
    const target = targetOf(reading, groups, indices, report);
    if (target === undefined) continue;
    const server = new VirtualServerBuilder(reading, target, contextOf(reading), report, aside).build();
    if (server === undefined) continue;
    const earlier = places.get(server.id);
    if (earlier === undefined) {
      places.set(server.id, { first: reading, count: 1 });
      servers.set(reading, server);
      continue;
    }
    earlier.count++;
    report.warning(
      reading.keyword,
      `virtual_server ${server.id} is there already, in line ${earlier.first.keyword.line}: the two are one service, with the values of the first and the servers of both`,
      { exitCode: 0 },
    );
    servers.set(reading, { ...server, id: `${server.id}#${earlier.count}` });
  }
  return servers;
}

const titleOf = ({ header }: VirtualServerReading): string =>
  ['virtual_server', ...header.map((word) => word.text)].join(' ');

/** For words that have been complained about. */
const SILENCE = { refuse: () => undefined, correct: () => undefined };

function targetOf(
  reading: VirtualServerReading,
  groups: readonly VirtualServerGroup[],
  indices: Map<string, number>,
  report: Report,
): Target | undefined {
  const given = endpointBefore(reading) ?? readTarget(reading.header, SILENCE);
  if (given === undefined) return undefined;
  if ('fwmark' in given) return { kind: 'fwmark', fwmark: given.fwmark };
  if ('address' in given) return { kind: 'address', ...given };
  const { group: name } = given;
  const index = indices.get(name) ?? 0;
  indices.set(name, index + 1);
  const group = groups.find((one) => one.name === name);
  if (group !== undefined) return { kind: 'group', name, index, members: group.members };
  const [, at = reading.keyword] = reading.header;
  report.error(at, `there is no virtual_server_group ${name}; ${titleOf(reading)} is left out`, { exitCode: 0 });
  return undefined;
}

class VirtualServerBuilder {
  readonly #reading: VirtualServerReading;
  readonly #target: Target;
  readonly #context: ServiceContext;
  readonly #report: Report;
  readonly #aside: Aside;

  constructor(reading: VirtualServerReading, target: Target, context: ServiceContext, report: Report, aside: Aside) {
    this.#reading = reading;
    this.#target = target;
    this.#context = context;
    this.#report = report;
    this.#aside = aside;
  }

  build(): VirtualServer | undefined {
    const { values } = this.#reading;
    const target = this.#target;
    const lines = readOrderedLines(
      this.#reading,
      target.kind === 'address' ? familyOf(target.address) : undefined,
      this.#report,
    );
    if (lines.realServers.length === 0) {
      const what = values.realServers.length === 0 ? 'no real_server' : 'no usable real_server';
      return this.#leftOut(`has ${what}`);
    }
    const family = this.#familyOf(lines);
    if (family === undefined) return undefined;
    const protocol = this.#protocol();
    const scheduler = values.scheduler ?? this.#missing('lb_algo', DEFAULT_SCHEDULER, DEFAULT_SCHEDULER);
    const forwarding = values.method ?? this.#missing('lb_kind', DEFAULT_FORWARDING, 'NAT');
    const [context, report, aside] = [this.#context, this.#report, this.#aside];
    const around: Around = { values, target, forwarding, context, report, aside };
    const realServers = buildRealServers(lines.realServers, around);
    const sorryServer = lines.sorryServer && buildSorryServer(lines.sorryServer, realServers, around);
    const { persistenceEngine, quorumUp, quorumDown, virtualHost, snmpName } = values;
    const served = {
      target,
      ...(family === 'both' ? {} : { family }),
      ...(protocol === undefined ? {} : { protocol }),
    };
    return {
      id: idOf(served),
      ...served,
      scheduler,
      schedulerFlags: lines.schedulerFlags,
      ...forwarding,
      persistenceTimeout: this.#persistence(lines),
      ...this.#granularity(lines),
      ...(persistenceEngine === undefined || persistenceEngine === '' ? {} : { persistenceEngine }),
      onePacket: this.#onePacket(protocol),
      haSuspend: this.#haSuspend(),
      omega: values.omega,
      inhibitOnFailure: values.inhibitOnFailure,
      ...checkDefaults(values, values),
      ...this.#quorum(realServers),
      ...(quorumUp === undefined ? {} : { quorumUp }),
      ...(quorumDown === undefined ? {} : { quorumDown }),
      ...(virtualHost === undefined ? {} : { virtualHost }),
      ...(snmpName === undefined ? {} : { snmpName }),
      smtpAlert: values.smtpAlert ?? this.#context.smtpAlert ?? false,
      ...(sorryServer === undefined ? {} : { sorryServer }),
      realServers,
    };
  }

  #leftOut(problem: string, details: Details = {}): undefined {
    this.#report.error(this.#reading.keyword, `${titleOf(this.#reading)} ${problem}; it is left out`, details);
  }

  /** keepalived does without a virtual server that does not fit its group, and says nothing while it tests the file. */
  #familyOf({ family, realServers }: OrderedLines): Family | 'both' | undefined {
    const target = this.#target;
    switch (target.kind) {
      case 'address':
        return familyOf(target.address);
      case 'fwmark':
        return family ?? (realServers.every(({ address }) => familyOf(address) === 'inet6') ? 'inet6' : 'inet');
      case 'group': {
        const [first, second] = familiesOf(target.members);
        const misfit = (what: string) => this.#leftOut(`is ${what}`, { exitCode: 0 });
        if (second !== undefined) {
          return family === undefined ? 'both' : misfit(`for ${family} only, and its group has both families`);
        }
        if (first === undefined) return family ?? 'inet';
        return family === undefined || family === first ? first : misfit(`for ${family}, and its group for ${first}`);
      }
      default:
        return assertNever(target);
    }
  }

  /** Undefined: there are marks only. */
  #protocol(): Protocol | undefined {
    const { protocol } = this.#reading.values;
    if (!this.#hasAddress()) {
      if (protocol !== undefined) this.#warn('protocol', 'a fwmark service has no protocol; it is ignored');
      return undefined;
    }
    if (protocol !== undefined) return protocol;
    this.#report.warning(
      this.#reading.keyword,
      `${titleOf(this.#reading)} has no protocol, and UDP is what that means`,
      {
        suggestion: 'add protocol TCP, if that is meant',
      },
    );
    return 'UDP';
  }

  #hasAddress(): boolean {
    const target = this.#target;
    return target.kind === 'group'
      ? target.members.some(({ kind }) => kind === 'addresses')
      : target.kind === 'address';
  }

  #hasMark(): boolean {
    const target = this.#target;
    return target.kind === 'group' ? target.members.some(({ kind }) => kind === 'fwmark') : target.kind === 'fwmark';
  }

  #missing<T>(word: string, meaning: T, name: string): T {
    this.#report.warning(this.#reading.keyword, `${titleOf(this.#reading)} has no ${word}; ${name} is used`, {
      suggestion: `add ${word}`,
    });
    return meaning;
  }

  #persistence({ granularity }: OrderedLines): Duration {
    const { persistenceTimeout } = this.#reading.values;
    const given = persistenceTimeout ?? (granularity === undefined ? ZERO : DEFAULT_PERSISTENCE);
    const target = this.#target;
    const places = target.kind === 'group' ? target.members : [target];
    const isOfAllPorts = places.some((one) => one.kind !== 'fwmark' && one.port === 0);
    if (given !== ZERO || !isOfAllPorts) return given;
    this.#report.warning(
      this.#reading.header[1] ?? this.#reading.keyword,
      'a service of all ports must be persistent; persistence_timeout 360 is used',
    );
    return DEFAULT_PERSISTENCE;
  }

  #granularity({ granularity }: OrderedLines): Pick<VirtualServer, 'persistenceGranularity'> {
    if (granularity === undefined) return {};
    if (granularity.family === 'inet' && prefixLengthOf(granularity.mask) === undefined) {
      const message = `the mask ${granularity.mask} has a hole; such a mask is not acted on yet, and each client is taken for itself`;
      this.#warn('persistenceGranularity', message, { exitCode: 0 });
    }
    return { persistenceGranularity: granularity };
  }

  #onePacket(protocol: Protocol | undefined): boolean {
    const { onePacket } = this.#reading.values;
    if (!onePacket || protocol === undefined || protocol === 'UDP') return onePacket;
    this.#warn('onePacket', 'ops is for UDP only; it is ignored');
    return false;
  }

  #haSuspend(): boolean {
    const { haSuspend } = this.#reading.values;
    if (!haSuspend || !this.#hasMark()) return haSuspend;
    this.#warn('haSuspend', 'ha_suspend needs addresses, and a mark has none; it is ignored');
    return false;
  }

  #quorum(realServers: readonly RealServer[]): Pick<VirtualServer, 'quorum' | 'hysteresis'> {
    const { quorum: given, hysteresis } = this.#reading.values;
    const weights = realServers.reduce((sum, { settings }) => sum + settings.weight, 0);
    if (given > weights) {
      this.#warn('quorum', `a quorum of ${given} is more than all weights together; it becomes ${weights}`);
    }
    const quorum = Math.min(given, weights);
    if (hysteresis < quorum) return { quorum, hysteresis };
    if (hysteresis > 0) {
      const message = `a hysteresis of ${hysteresis} does not fit the quorum of ${quorum}; it is made smaller`;
      this.#warn('hysteresis', message);
    }
    return { quorum, hysteresis: Math.max(0, quorum - 1) };
  }

  #warn(key: Parameters<VirtualServerReading['at']>[0], message: string, details: Details = {}): void {
    this.#report.warning(this.#reading.at(key)?.keyword ?? this.#reading.keyword, message, details);
  }
}

function idOf(served: Pick<VirtualServer, 'target' | 'family' | 'protocol'>): string {
  const { target } = served;
  if (target.kind === 'group') return `[${target.name}]:${target.index}`;
  const [key] = servicesOf(served);
  if (key === undefined) throw new Error('assertion failed: an address or a mark is a service');
  return serviceId(key);
}
