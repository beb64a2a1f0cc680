/**
 * The real servers and the sorry server of a virtual server: defaults, ports, duplicates. The results and the messages follow
 * keepalived.
 */
import { type Family, familyOf, isLinkLocal } from '../base/address.ts';
import type { Writable } from '../base/writable.ts';
import type { UnplacedChecker } from '../checks/checker-config.ts';
import type { Inherited } from '../checks/keywords.ts';
import { Report } from '../config/diagnostics.ts';
import type { RealServerReading, VirtualServerReading } from './keywords.ts';
import type { GivenRealServer, GivenSorryServer } from './ordered-lines.ts';
import { destinationId } from './table.ts';
import type {
  CheckDefaults,
  Forwarding,
  GroupMember,
  RealServer,
  RealServerSettings,
  SorryServer,
  Target,
} from './virtual-server.ts';

/** What is known outside of the blocks of virtual servers. */
export interface ServiceContext extends Pick<Inherited, 'logAllFailures' | 'trackFile' | 'hasBfd'> {
  /** keepalived.conf(5) "smtp_alert_checker", "smtp_alert" of global_defs; undefined: neither. */
  readonly smtpAlert: boolean | undefined;
}

/** A virtual server, as far as its real servers want to know it. */
export interface Around {
  readonly values: VirtualServerReading['values'];
  readonly target: Target;
  readonly forwarding: Forwarding;
  readonly context: ServiceContext;
  readonly report: Report;
  readonly aside: Aside;
}

/** Where to say what there is to say of something that others may have too. */
export class Aside {
  #report = new Report();

  /** With nothing said in it. */
  get report(): Report {
    if (this.#report.count > 0) this.#report = new Report();
    return this.#report;
  }
}

/** The real servers, each address and port once as they are written. */
export function buildRealServers(given: readonly GivenRealServer[], around: Around): RealServer[] {
  const written = new Set<string>();
  const ids = new Map<string, number>();
  const settings = new SettingsBuilder(around);
  const servers: RealServer[] = [];
  for (const one of given) {
    const { address } = one;
    const writtenId = destinationId(one);
    if (written.has(writtenId)) {
      around.report.warning(one.reading.keyword, `real_server ${writtenId} is there already; this one is left out`);
      continue;
    }
    written.add(writtenId);
    const port = realServerPort(one, around);
    const id = port === one.port ? writtenId : destinationId({ address, port });
    const count = (ids.get(id) ?? 0) + 1;
    ids.set(id, count);
    if (count > 1) {
      around.report.warning(
        one.reading.keyword,
        `real_server ${id} is there already, written with another port; the first that is up counts`,
        { exitCode: 0 },
      );
    }
    servers.push({ id: count > 1 ? `${id}#${count}` : id, address, port, settings: settings.of(one, port) });
  }
  return servers;
}

/** Settings, and what they depend on besides the values of the block. */
interface Known {
  readonly settings: RealServerSettings;
  readonly writtenPort: number;
  readonly port: number;
  readonly family: Family;
  readonly isLinkLocal: boolean;
}

/** The settings of the real servers of a virtual server: those that say the same have the same ones. */
class SettingsBuilder {
  readonly #around: Around;
  /** Of values that some block says. */
  readonly #known = new Map<RealServerReading['values'], Known>();

  constructor(around: Around) {
    this.#around = around;
  }

  of(one: GivenRealServer, port: number): RealServerSettings {
    const { reading, address } = one;
    const known = this.#known.get(reading.values);
    const [family, linkLocal] = [familyOf(address), isLinkLocal(address)];
    const isSame = known?.writtenPort === one.port && known.port === port && known.family === family;
    if (known !== undefined && isSame && known.isLinkLocal === linkLocal) return known.settings;
    const { report } = this.#around.aside;
    const settings = settingsOf(one, port, { ...this.#around, report });
    if (report.count === 0) {
      this.#known.set(reading.values, { writtenPort: one.port, port, family, isLinkLocal: linkLocal, settings });
      return settings;
    }
    // of this block alone, and where it stands
    return settingsOf({ ...one, reading: reading.unshared() }, port, this.#around);
  }
}

function settingsOf(one: GivenRealServer, port: number, around: Around): RealServerSettings {
  const { values } = one.reading;
  const { values: outer, context, forwarding } = around;
  const { forwardingMethod, tunnel } = values.method ?? forwarding;
  const defaults = checkDefaults(values, outer);
  // Filled in one by one: object spreads cost more than all the rest where there are ten thousand servers.
  const settings: Writable<RealServerSettings> = {
    weight: values.weight ?? outer.weight,
    forwardingMethod,
    inhibitOnFailure: values.inhibitOnFailure ?? outer.inhibitOnFailure,
    upperThreshold: values.upperThreshold,
    lowerThreshold: values.lowerThreshold,
    connectTimeout: defaults.connectTimeout,
    delayLoop: defaults.delayLoop,
    alpha: defaults.alpha,
    smtpAlert: values.smtpAlert ?? context.smtpAlert ?? true,
    checkers: checkersIn(one, port, defaults, around),
  };
  const { retry, delayBeforeRetry, warmup } = defaults;
  const { virtualHost, snmpName, notifyUp, notifyDown } = values;
  if (tunnel !== undefined) settings.tunnel = tunnel;
  if (retry !== undefined) settings.retry = retry;
  if (delayBeforeRetry !== undefined) settings.delayBeforeRetry = delayBeforeRetry;
  if (warmup !== undefined) settings.warmup = warmup;
  if (virtualHost !== undefined) settings.virtualHost = virtualHost;
  if (snmpName !== undefined) settings.snmpName = snmpName;
  if (notifyUp !== undefined) settings.notifyUp = notifyUp;
  if (notifyDown !== undefined) settings.notifyDown = notifyDown;
  return settings;
}

const DEFAULT_CONNECT_TIMEOUT = 5_000_000 as CheckDefaults['connectTimeout'];

/** The values that checkers inherit: of the server itself, or else of the virtual server. */
export function checkDefaults(
  own: Pick<
    RealServerReading['values'],
    'connectTimeout' | 'delayLoop' | 'retry' | 'delayBeforeRetry' | 'warmup' | 'alpha'
  >,
  outer: VirtualServerReading['values'],
): CheckDefaults {
  const retry = own.retry ?? outer.retry;
  const delayBeforeRetry = own.delayBeforeRetry ?? outer.delayBeforeRetry;
  const warmup = own.warmup ?? outer.warmup;
  const defaults: Writable<CheckDefaults> = {
    connectTimeout: own.connectTimeout ?? outer.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    delayLoop: own.delayLoop ?? outer.delayLoop,
    alpha: own.alpha ?? outer.alpha,
  };
  if (retry !== undefined) defaults.retry = retry;
  if (delayBeforeRetry !== undefined) defaults.delayBeforeRetry = delayBeforeRetry;
  if (warmup !== undefined) defaults.warmup = warmup;
  return defaults;
}

/** Only NAT can change the port: with DR and TUN the packet arrives as it was. */
function realServerPort({ reading, address, port }: GivenRealServer, { target, report, forwarding }: Around): number {
  const { forwardingMethod: method } = reading.values.method ?? forwarding;
  if (method === 'masquerading') return port === 0 && target.kind === 'address' ? target.port : port;
  if (target.kind === 'address' && target.port === port) return port;
  const { header } = reading;
  const [, at = header[0] ?? reading.keyword] = header;
  const id = destinationId({ address, port });
  if (target.kind === 'group') {
    for (const reason of portConflicts(target.members, port)) {
      report.warning(at, `without NAT the port of ${id} does not count: ${reason}`);
    }
    return port;
  }
  const servicePort = target.kind === 'fwmark' ? 0 : target.port;
  if (port !== 0 && port !== servicePort) {
    const instead = servicePort === 0 ? 'no port' : `port ${servicePort}`;
    report.warning(at, `without NAT a real server gets the port of the service: ${instead}, not ${port}`);
  }
  return servicePort;
}

/** What in a group has another port. */
function portConflicts(members: readonly GroupMember[], port: number): string[] {
  if (port === 0) return [];
  return members.flatMap((one) => {
    if (one.kind === 'fwmark') return [`fwmark ${one.fwmark} has none`];
    return one.port === port ? [] : [`that of ${one.first} is ${one.port === 0 ? 'any' : one.port}`];
  });
}

function checkersIn(
  { reading: { values }, address, port: writtenPort }: GivenRealServer,
  port: number,
  { retry, delayBeforeRetry, delayLoop, warmup, alpha }: CheckDefaults,
  { values: outer, context, report }: Around,
): readonly UnplacedChecker[] {
  const inherited: Inherited = {
    address,
    port: writtenPort === 0 ? port : writtenPort,
    servicePort: port,
    connectTimeout: values.connectTimeout ?? outer.connectTimeout,
    retry,
    delayBeforeRetry,
    delayLoop,
    outerDelayLoop: outer.delayLoop,
    warmup,
    alpha,
    virtualHost: values.virtualHost ?? outer.virtualHost,
    logAllFailures: context.logAllFailures,
    trackFile: context.trackFile,
    hasBfd: context.hasBfd,
  };
  let checkers: readonly UnplacedChecker[] = NONE;
  for (const given of values.checkers) {
    const more = given.configure(inherited, report, checkers);
    checkers = checkers.length === 0 ? more : [...checkers, ...more];
  }
  return checkers;
}

const NONE: readonly UnplacedChecker[] = [];

/** The sorry server, with the port and the treatment that its virtual server and a real server leave it. */
export function buildSorryServer(
  given: GivenSorryServer,
  realServers: readonly RealServer[],
  { target, forwarding, report }: Around,
): SorryServer {
  const { forwardingMethod, tunnel } = given.forwarding ?? forwarding;
  const port = sorryPort(given, forwardingMethod, target, report);
  const same = realServers.find((real) => real.address === given.address && real.port === port);
  const inhibit = same?.settings.inhibitOnFailure ?? given.inhibit;
  if (inhibit !== given.inhibit) {
    const [is, other] = inhibit ? ['', 'not'] : ['not', ''];
    report.warning(
      given.at,
      `the sorry_server is a real server too, which is ${is} inhibited on failure, and it is ${other}: it becomes so`.replace(
        / {2,}/g,
        ' ',
      ),
    );
  }
  return {
    address: given.address,
    port,
    forwardingMethod,
    ...(tunnel === undefined ? {} : { tunnel }),
    inhibit,
    isRealServer: same !== undefined,
  };
}

function sorryPort(
  { at, port }: GivenSorryServer,
  method: Forwarding['forwardingMethod'],
  target: Target,
  report: Report,
): number {
  if (method === 'masquerading') return port;
  if (target.kind === 'group') {
    for (const reason of portConflicts(target.members, port)) {
      report.warning(at, `without NAT the port of a sorry_server does not count: ${reason}`);
    }
    return port;
  }
  const servicePort = target.kind === 'fwmark' ? 0 : target.port;
  if (port !== 0 && port !== servicePort) {
    const instead = servicePort === 0 ? 'no port' : `port ${servicePort}`;
    report.warning(at, `without NAT a sorry_server gets the port of the service: ${instead}, not ${port}`);
  }
  return servicePort;
}
