/**
 * What virtual_server blocks come to: defaults, corrections, contradictions. The results and the messages follow
 * keepalived; a comment says where they do not.
 */
import { type Family, familyOf, type IpAddress, maxPrefixLength, parseAddress } from '../base/address.ts';
import { type Duration, ZERO } from '../base/time.ts';
import type { CheckerConfig, Inherited } from '../checks/keywords.ts';
import type { Place, Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { placeholder } from '../config/values.ts';
import type { ForwardingMethod, Protocol, ServiceKey } from '../wire/ipvs.ts';
import {
  DEFAULT_PERSISTENCE,
  type RealServer,
  type RealServerReading,
  SCHEDULER_FLAGS,
  type VirtualServer,
  type VirtualServerReading,
} from './keywords.ts';
import { destinationId, serviceId } from './table.ts';

const DEFAULT_SCHEDULER = 'wlc';

/** The virtual servers that can be served, in the order of the file. */
export function buildVirtualServers(readings: readonly VirtualServerReading[], report: Report): VirtualServer[] {
  const servers: VirtualServer[] = [];
  const places = new Map<string, Place>();
  const idle = new Map<string, { place: Place; count: number }>();
  for (const reading of readings) {
    const server = new VirtualServerBuilder(reading, report, idle).build();
    if (server === undefined) continue;
    const first = places.get(server.id);
    if (first !== undefined) {
      // keepalived does not see it, and merges the two in the kernel.
      report.error(
        reading.keyword,
        `virtual_server ${server.id} is there already, in line ${first.line}; this one is left out`,
      );
      continue;
    }
    places.set(server.id, reading.keyword);
    servers.push(server);
  }
  for (const [kind, { place, count }] of idle) {
    const servers = count === 1 ? 'the real server is' : `${count} real servers are`;
    report.warning(place, `${kind} is not acted on yet: ${servers} treated as healthy, as if it succeeded`, {
      exitCode: 0,
    });
  }
  return servers;
}

/** What stands before the brace. */
type Target = { kind: 'address'; address: IpAddress; port: number } | { kind: 'fwmark'; fwmark: number };

class VirtualServerBuilder {
  readonly #reading: VirtualServerReading;
  readonly #report: Report;
  /** Checkers that are not acted on, by kind. */
  readonly #idle: Map<string, { place: Place; count: number }>;
  readonly #title: string;

  constructor(reading: VirtualServerReading, report: Report, idle: Map<string, { place: Place; count: number }>) {
    this.#reading = reading;
    this.#report = report;
    this.#idle = idle;
    this.#title = ['virtual_server', ...reading.header.map((word) => word.text)].join(' ');
  }

  build(): VirtualServer | undefined {
    const { values } = this.#reading;
    const target = this.#target();
    if (target === undefined) return undefined;
    if (values.realServers.length === 0) return this.#leftOut('has no real_server');
    const family = this.#family(target);
    const protocol = this.#protocol(target);
    const scheduler = values.scheduler ?? this.#missing('lb_algo', { name: DEFAULT_SCHEDULER, flags: 0 }, 'wlc');
    const forwardingMethod = (values.method ?? this.#missing('lb_kind', { method: 'masquerading' as const }, 'NAT'))
      .method;
    const realServers = this.#realServers(target, family, forwardingMethod);
    if (realServers.length === 0) return this.#leftOut('has no usable real_server');
    this.#checkQuorum(realServers);
    const key: ServiceKey =
      target.kind === 'fwmark'
        ? { kind: 'fwmark', family, fwmark: target.fwmark }
        : { kind: 'address', family, protocol, address: target.address, port: target.port };
    return {
      id: serviceId(key),
      key,
      scheduler: scheduler.name,
      schedulerFlags: scheduler.flags | this.#flags(scheduler.name),
      forwardingMethod,
      ...this.#persistence(target, family),
      onePacket: this.#onePacket(target, protocol),
      alpha: values.alpha,
      realServers,
    };
  }

  #target(): Target | undefined {
    const [first, second] = this.#reading.header;
    if (first === undefined) return undefined;
    if (first.text === 'fwmark') {
      const mark = second?.text ?? '';
      if (/^[0-9]{1,10}$/.test(mark) && Number(mark) <= 0xffffffff) return { kind: 'fwmark', fwmark: Number(mark) };
      return this.#invalid(second ?? first, `expected a firewall mark from 0 to 4294967295, got '${mark}'`);
    }
    if (first.text === 'group') {
      this.#report.error(first, `virtual_server group is not acted on yet; ${this.#title} is left out`, {
        exitCode: 0,
      });
      return undefined;
    }
    const address = parseAddress(first.text);
    if (address === undefined)
      return this.#invalid(first, `expected an IP address, fwmark or group, got '${first.text}'`);
    const port = portOf(second);
    return port === undefined ? this.#invalid(second ?? first, badPort(second)) : { kind: 'address', address, port };
  }

  #invalid(word: Word, problem: string): undefined {
    const suggestion = placeholder(word.text);
    this.#report.error(word, `${problem}; the virtual_server is left out`, suggestion ? { suggestion } : {});
  }

  #leftOut(problem: string): undefined {
    this.#report.error(this.#reading.keyword, `${this.#title} ${problem}; it is left out`);
  }

  #family(target: Target): Family {
    if (target.kind === 'address') return familyOf(target.address);
    const { family, persistenceGranularity, realServers } = this.#reading.values;
    const firstServer = parseAddress(realServers[0]?.header[0]?.text ?? '');
    return family ?? persistenceGranularity?.family ?? (firstServer === undefined ? 'inet' : familyOf(firstServer));
  }

  #protocol(target: Target): Protocol {
    const { protocol } = this.#reading.values;
    if (target.kind === 'fwmark') {
      if (protocol !== undefined) this.#warn('protocol', 'a fwmark service has no protocol; it is ignored');
      return 'UDP';
    }
    if (protocol !== undefined) return protocol;
    this.#report.warning(this.#reading.keyword, `${this.#title} has no protocol, and UDP is what that means`, {
      suggestion: 'add protocol TCP, if that is meant',
    });
    return 'UDP';
  }

  #missing<T>(word: string, meaning: T, name: string): T {
    this.#report.warning(this.#reading.keyword, `${this.#title} has no ${word}; ${name} is used`, {
      suggestion: `add ${word}`,
    });
    return meaning;
  }

  /** Flags that have lines of their own; those of another scheduler are ignored. */
  #flags(scheduler: string): number {
    const { values, at } = this.#reading;
    const given = [values.flag1 && 'flag1', values.flag2 && 'flag2', values.flag3 && 'flag3'] as const;
    const named = [
      values.shPort && 'shPort',
      values.shFallback && 'shFallback',
      values.mhPort && 'mhPort',
      values.mhFallback && 'mhFallback',
    ] as const;
    let bits = 0;
    for (const key of [...given, ...named]) {
      if (key === false) continue;
      const word = at(key)?.keyword.text ?? '';
      const flag = SCHEDULER_FLAGS[word];
      if (flag === undefined) continue;
      if ((flag.scheduler ?? scheduler) === scheduler) bits |= flag.bit;
      else this.#warn(key, `${word} is for the scheduler ${flag.scheduler} only; it is ignored`);
    }
    return bits;
  }

  #persistence(target: Target, family: Family): { persistenceTimeout: Duration; persistenceGranularity: number } {
    const { persistenceTimeout: given, persistenceGranularity: granularity } = this.#reading.values;
    let persistenceTimeout = given ?? (granularity === undefined ? ZERO : DEFAULT_PERSISTENCE);
    if (target.kind === 'address' && target.port === 0 && persistenceTimeout === 0) {
      persistenceTimeout = DEFAULT_PERSISTENCE;
      this.#report.warning(
        this.#reading.header[1] ?? this.#reading.keyword,
        'a service of all ports must be persistent; persistence_timeout 360 is used',
      );
    }
    const fits = granularity === undefined || granularity.family === family;
    if (!fits) this.#warn('persistenceGranularity', 'not of the family of the service; it is ignored');
    const persistenceGranularity =
      fits && granularity !== undefined ? granularity.prefixLength : maxPrefixLength(family);
    return { persistenceTimeout, persistenceGranularity };
  }

  #onePacket(target: Target, protocol: Protocol): boolean {
    const { onePacket } = this.#reading.values;
    if (!onePacket || target.kind === 'fwmark' || protocol === 'UDP') return onePacket;
    this.#warn('onePacket', 'ops is for UDP only; it is ignored');
    return false;
  }

  #realServers(target: Target, family: Family, inheritedMethod: ForwardingMethod): RealServer[] {
    const servers = new Map<string, RealServer>();
    for (const reading of this.#reading.values.realServers) {
      const server = this.#realServer(reading, target, family, inheritedMethod);
      if (server === undefined) continue;
      if (servers.has(server.id)) {
        this.#report.warning(reading.keyword, `real_server ${server.id} is there already; this one is left out`);
      } else servers.set(server.id, server);
    }
    return [...servers.values()];
  }

  #realServer(
    reading: RealServerReading,
    target: Target,
    family: Family,
    inheritedMethod: ForwardingMethod,
  ): RealServer | undefined {
    const { values, header, keyword } = reading;
    const [first, second] = header;
    const leaveOut = (at: Place, problem: string, suggestion?: string): undefined => {
      this.#report.error(at, `${problem}; the real_server is left out`, suggestion ? { suggestion } : {});
    };
    const address = parseAddress(first?.text ?? '');
    if (first === undefined || address === undefined) {
      return leaveOut(first ?? keyword, `expected an IP address, got '${first?.text}'`, placeholder(first?.text ?? ''));
    }
    const givenPort = portOf(second);
    if (givenPort === undefined) return leaveOut(second ?? first, badPort(second));
    const forwardingMethod = values.method?.method ?? inheritedMethod;
    if (familyOf(address) !== family && forwardingMethod !== 'tunnel') {
      return leaveOut(first, `${address} is not of the family of its virtual_server`);
    }
    const port = this.#destinationPort(second ?? first, target, forwardingMethod, givenPort);
    return {
      id: destinationId({ address, port }),
      address,
      port,
      weight: values.weight ?? this.#reading.values.weight,
      forwardingMethod,
      inhibitOnFailure: values.inhibitOnFailure ?? this.#reading.values.inhibitOnFailure,
      upperThreshold: values.upperThreshold,
      lowerThreshold: values.lowerThreshold,
      checkers: this.#checkers(reading, address, port),
    };
  }

  /** Only NAT can change the port: with DR and TUN the packet arrives as it was. */
  #destinationPort(at: Place, target: Target, method: ForwardingMethod, given: number): number {
    const servicePort = target.kind === 'fwmark' ? 0 : target.port;
    if (given === servicePort) return given;
    if (given === 0) return servicePort;
    if (method === 'masquerading') return given;
    const instead = servicePort === 0 ? 'no port' : `port ${servicePort}`;
    this.#report.warning(at, `without NAT a real server gets the port of the service: ${instead}, not ${given}`);
    return servicePort;
  }

  #checkers({ values }: RealServerReading, address: IpAddress, port: number): CheckerConfig[] {
    const outer = this.#reading.values;
    const inherited: Inherited = {
      address,
      port,
      connectTimeout: values.connectTimeout ?? outer.connectTimeout,
      retry: values.retry ?? outer.retry,
      delayBeforeRetry: values.delayBeforeRetry ?? outer.delayBeforeRetry,
      delayLoop: values.delayLoop ?? outer.delayLoop,
      warmup: values.warmup ?? outer.warmup,
      alpha: values.alpha ?? outer.alpha,
    };
    return values.checkers.flatMap(({ keyword, configure, lacks }) => {
      if (lacks !== undefined) {
        this.#report.error(keyword, `${keyword.text} has no ${lacks}; the check is left out`);
        return [];
      }
      if (configure !== undefined) return [configure(inherited, this.#report)];
      const known = this.#idle.get(keyword.text);
      if (known === undefined) this.#idle.set(keyword.text, { place: keyword, count: 1 });
      else known.count++;
      return [];
    });
  }

  #checkQuorum(realServers: readonly RealServer[]): void {
    const { quorum, hysteresis } = this.#reading.values;
    const weights = realServers.reduce((sum, { weight }) => sum + weight, 0);
    if (quorum > weights) {
      this.#warn('quorum', `a quorum of ${quorum} is more than all weights together; it becomes ${weights}`);
    }
    const effective = Math.min(quorum, weights);
    if (hysteresis >= effective && hysteresis > 0) {
      this.#warn(
        'hysteresis',
        `a hysteresis of ${hysteresis} does not fit the quorum of ${effective}; it is made smaller`,
      );
    }
  }

  #warn(key: Parameters<VirtualServerReading['at']>[0], message: string): void {
    this.#report.warning(this.#reading.at(key)?.keyword ?? this.#reading.keyword, message);
  }
}

/** 0 without a word; undefined when it is no port. keepalived takes a text of zeros as no port. */
function portOf(word: Word | undefined): number | undefined {
  if (word === undefined || /^0+$/.test(word.text)) return 0;
  const port = /^[0-9]{1,5}$/.test(word.text) ? Number(word.text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

const badPort = (word: Word | undefined): string => `expected a port from 1 to 65535, got '${word?.text}'`;
