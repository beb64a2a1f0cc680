/**
 * What the agent runs with, by the keys of the tables: the other side of the builders (vrrp/instances.ts,
 * ipvs/virtual-servers.ts). An undefined value is a keyword without effect; a missing key is as the file has it.
 */
import { type IpAddress, parseAddress } from '../base/address.ts';
import type { CheckerConfig } from '../checks/checker-config.ts';
import type { Statement } from '../config/tree.ts';
import { granularityText } from '../ipvs/services.ts';
import type { CheckDefaults, Forwarding, RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import { ADDRESS_FLAGS } from '../vrrp/address-keywords.ts';
import type { Tracked, UnicastPeer, VirtualAddress, VrrpInstance } from '../vrrp/instance.ts';
import { checkersOf } from './real-server-checkers.ts';

/** A line of a list, as the agent understands it. */
export interface EffectiveLine {
  /** As it would stand in a file. */
  readonly words: readonly string[];
  readonly value: unknown;
  /** Whether a line of the file is this one. */
  readonly isFrom: (line: Statement) => boolean;
}

/** What differs from the file as written, of one block. */
export interface Effective {
  /** Words before the brace; absent: as written. */
  readonly header?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  readonly lines?: Readonly<Record<string, readonly EffectiveLine[]>>;
  /** Of a block inside; 'left out': the agent runs without it. */
  readonly inside?: (key: string, statement: Statement) => Effective | 'left out' | undefined;
}

/** What a peer may have at most, and has unless it says otherwise. */
const TTL_MAX = 255;

/** A virtual router, by the keys of vrrp_instance. */
export function effectiveInstance(instance: VrrpInstance): Effective {
  const {
    name: _,
    family: _family,
    tracking,
    notify: _notify,
    virtualRoutes: _routes,
    virtualRules: _rules,
    notifyDeleted: _notifyDeleted,
    virtualAddresses,
    excludedAddresses,
    unicastPeers,
    authentication,
    preemptMode,
    trackPrimary,
    acceptMode,
    oldUnicastChecksum,
    unicastTtl,
    ...same
  } = instance;
  const checksum = { auto: undefined, always: true, never: 'never' } as const;
  return {
    values: {
      sourceAddress: undefined,
      ...same,
      acceptMode,
      noAccept: !acceptMode,
      nopreempt: !preemptMode,
      dontTrackPrimary: !trackPrimary,
      oldUnicastChecksum: checksum[oldUnicastChecksum],
      unicastTtl: unicastPeers.length > 0 ? unicastTtl : undefined,
    },
    lines: {
      virtualAddresses: virtualAddresses.map(addressLine),
      excludedAddresses: excludedAddresses.map(addressLine),
      unicastPeers: unicastPeers.map(peerLine),
      trackInterface: tracking.interfaces.map((one) => trackedLine(one, 0)),
      trackScript: tracking.scripts.map((one) => trackedLine(one, 0)),
      trackFile: tracking.files.map((one) => trackedLine(one, 1)),
      trackProcess: tracking.processes.map((one) => trackedLine(one, 0)),
      trackBfd: tracking.bfd.map((one) => trackedLine(one, 0)),
    },
    inside: (key) =>
      key === 'authentication'
        ? { values: { type: authentication?.type, password: authentication?.password } }
        : undefined,
  };
}

/** The largest weight that such a line takes. */
const LINE_WEIGHT_MAX = 253;

/** @param usual the weight of a line that does not say, where nothing else does */
function trackedLine(tracked: Tracked, usual: number): EffectiveLine {
  const { name, weight, reverse } = tracked;
  const isUsual = weight === usual && !reverse;
  // keepalived keeps larger ones of the definition, and takes none here.
  const isPossible = Math.abs(weight) <= LINE_WEIGHT_MAX;
  const words = isUsual || !isPossible ? [name] : [name, 'weight', String(weight), ...(reverse ? ['reverse'] : [])];
  return { words, value: tracked, isFrom: ({ keyword }) => keyword.text === name };
}

function peerLine(peer: UnicastPeer): EffectiveLine {
  const { address, minTtl, maxTtl } = peer;
  const words = [
    address,
    ...(minTtl === 0 ? [] : ['min_ttl', String(minTtl)]),
    ...(maxTtl === TTL_MAX ? [] : ['max_ttl', String(maxTtl)]),
  ];
  return { words, value: peer, isFrom: startsWith(address) };
}

function addressLine(address: VirtualAddress): EffectiveLine {
  const { prefixLength, interface: name, broadcast, scope, label, peer, preferredLifetime } = address;
  const option = (word: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [word, String(value)];
  const words = [
    peer === undefined ? `${address.address}/${prefixLength}` : address.address,
    ...option('peer', peer),
    'dev',
    name,
    ...option('brd', broadcast),
    ...option('scope', scope === 0 ? undefined : scope),
    ...option('label', label),
    ...option('preferred_lft', preferredLifetime),
    ...Object.entries(ADDRESS_FLAGS).flatMap(([word, key]) => (address[key] === true ? [word] : [])),
  ];
  return { words, value: address, isFrom: startsWith(address.address) };
}

const startsWith = (address: IpAddress) => (line: Statement) => addressIn(line.keyword.text) === address;
const addressIn = (word: string | undefined): IpAddress | undefined => parseAddress(word?.split('/')[0] ?? '');

/** A service, by the keys of virtual_server. */
export function effectiveVirtualServer(server: VirtualServer): Effective {
  const { target, protocol, family, scheduler, schedulerFlags, persistenceTimeout, sorryServer } = server;
  const isPersistent = persistenceTimeout > 0;
  const free = new Map<string, RealServer[]>();
  for (const real of server.realServers) {
    const alike = free.get(real.address);
    if (alike === undefined) free.set(real.address, [real]);
    else alike.push(real);
  }
  return {
    values: {
      scheduler,
      flag1: (schedulerFlags & 1) !== 0,
      flag2: (schedulerFlags & 2) !== 0,
      flag3: (schedulerFlags & 4) !== 0,
      shPort: undefined,
      shFallback: undefined,
      mhPort: undefined,
      mhFallback: undefined,
      hashed: undefined,
      method: forwardingOf(server),
      protocol,
      family: target.kind === 'address' ? undefined : family,
      persistenceTimeout: isPersistent ? persistenceTimeout : undefined,
      persistenceGranularity: server.persistenceGranularity && granularityText(server.persistenceGranularity),
      persistenceEngine: server.persistenceEngine,
      onePacket: server.onePacket,
      haSuspend: server.haSuspend,
      quorum: server.quorum === 0 ? undefined : server.quorum,
      hysteresis: server.hysteresis,
      smtpAlert: server.smtpAlert,
      sorryServer: sorryServer && { address: sorryServer.address, port: sorryServer.port },
      sorryServerInhibit: sorryServer?.inhibit ?? false,
      sorryServerMethod: sorryServer && forwardingOf(sorryServer),
      ...checkDefaultsOf(server),
    },
    inside: (inner, statement) => {
      if (inner !== 'realServers') return undefined;
      const [address, port] = statement.args.map(({ text }) => text);
      const alike = free.get(addressIn(address) ?? '') ?? [];
      const real = alike.find((one) => one.port === Number(port)) ?? alike[0];
      if (real === undefined) return 'left out';
      alike.splice(alike.indexOf(real), 1);
      return effectiveRealServer(real);
    },
  };
}

const forwardingOf = ({ forwardingMethod, tunnel }: Forwarding): Forwarding =>
  tunnel === undefined ? { forwardingMethod } : { forwardingMethod, tunnel };

const checkDefaultsOf = (of: CheckDefaults): CheckDefaults => {
  const { connectTimeout, delayLoop, retry, delayBeforeRetry, warmup, alpha } = of;
  return {
    connectTimeout,
    delayLoop,
    alpha,
    ...(retry === undefined ? {} : { retry }),
    ...(delayBeforeRetry === undefined ? {} : { delayBeforeRetry }),
    ...(warmup === undefined ? {} : { warmup }),
  };
};

function effectiveRealServer(real: RealServer): Effective {
  const { settings } = real;
  const checkers = new Map<string, CheckerConfig[]>();
  for (const one of checkersOf(real)) checkers.set(one.kind, [...(checkers.get(one.kind) ?? []), one]);
  return {
    header: [real.address, ...(real.port === 0 ? [] : [String(real.port)])],
    values: {
      weight: settings.weight,
      method: forwardingOf(settings),
      inhibitOnFailure: settings.inhibitOnFailure,
      upperThreshold: settings.upperThreshold,
      lowerThreshold: settings.lowerThreshold,
      smtpAlert: settings.smtpAlert,
      ...checkDefaultsOf(settings),
    },
    inside: (key, statement) => {
      const { text } = statement.keyword;
      // SMTP_CHECK may be several checkers
      if (key !== 'checkers' || text === 'SMTP_CHECK') return undefined;
      const [checker] = checkers.get(text) ?? [];
      if (checker === undefined || !isMadeFrom(checker, statement)) return 'left out';
      checkers.get(text)?.shift();
      return effectiveChecker(checker);
    },
  };
}

/** Whether a checker can come from this block: others of its kind may have been left out before it. */
function isMadeFrom(checker: CheckerConfig, { block = [] }: Statement): boolean {
  const wordOf = (keyword: string) => block.findLast(({ keyword: { text } }) => text === keyword)?.args[0]?.text;
  switch (checker.kind) {
    case 'FILE_CHECK':
      return wordOf('track_file') === checker.trackFile;
    case 'BFD_CHECK':
      return block.some(({ keyword, args }) => keyword.text === 'name' && args[0]?.text === checker.session);
    case 'MISC_CHECK':
      return wordOf('misc_path') !== undefined;
    case 'HTTP_GET':
    case 'SSL_GET':
      return block.some(
        (one) => one.keyword.text === 'url' && one.block?.some(({ keyword }) => keyword.text === 'path'),
      );
    default:
      return true;
  }
}

/** Times and places; the rest is as the file has it. */
function effectiveChecker(checker: CheckerConfig): Effective {
  if (!('retry' in checker)) return {};
  const { retry, delayBeforeRetry, delayLoop, warmup, alpha, logAllFailures } = checker;
  const timing = { retry, delayBeforeRetry, delayLoop, warmup, alpha, logAllFailures };
  if (!('connectPort' in checker)) return { values: timing };
  const { connectAddress, connectPort, bindAddress, bindPort, bindInterface, fwmark, connectTimeout } = checker;
  return {
    values: {
      ...timing,
      connectAddress,
      connectPort: connectPort === 0 ? undefined : connectPort,
      bindAddress,
      bindPort,
      bindInterface,
      fwmark: fwmark === 0 ? undefined : fwmark,
      connectTimeout,
    },
  };
}
