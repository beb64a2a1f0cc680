/**
 * What the agent runs with, by the keys of the tables: the other side of the builders (vrrp/instances.ts,
 * ipvs/virtual-servers.ts). An undefined value is a keyword without effect; a missing key is as the file has it.
 */
import { type IpAddress, parseAddress } from '../base/address.ts';
import type { CheckerConfig } from '../checks/keywords.ts';
import type { Statement } from '../config/tree.ts';
import type { RealServer, VirtualServer } from '../ipvs/keywords.ts';
import type { VirtualAddress, VrrpInstance } from '../vrrp/keywords.ts';

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

/** A virtual router, by the keys of vrrp_instance. */
export function effectiveInstance(instance: VrrpInstance): Effective {
  const {
    name: _,
    virtualAddresses,
    excludedAddresses,
    unicastPeers,
    authentication,
    preemptMode,
    trackPrimary,
    ...same
  } = instance;
  return {
    values: {
      sourceAddress: undefined,
      ...same,
      nopreempt: !preemptMode,
      dontTrackPrimary: !trackPrimary,
    },
    lines: {
      virtualAddresses: virtualAddresses.map(addressLine),
      excludedAddresses: excludedAddresses.map(addressLine),
      unicastPeers: unicastPeers.map((peer) => ({ words: [peer], value: peer, isFrom: startsWith(peer) })),
    },
    inside: (key) =>
      key === 'authentication'
        ? { values: { type: authentication?.type, password: authentication?.password } }
        : undefined,
  };
}

function addressLine(address: VirtualAddress): EffectiveLine {
  const { prefixLength, interface: name, broadcast, scope, label } = address;
  const words = [
    `${address.address}/${prefixLength}`,
    'dev',
    name,
    ...(broadcast === undefined ? [] : ['brd', broadcast]),
    ...(scope === 0 ? [] : ['scope', String(scope)]),
    ...(label === undefined ? [] : ['label', label]),
  ];
  return { words, value: address, isFrom: startsWith(address.address) };
}

const startsWith = (address: IpAddress) => (line: Statement) => addressIn(line.keyword.text) === address;
const addressIn = (word: string | undefined): IpAddress | undefined => parseAddress(word?.split('/')[0] ?? '');

/** A service, by the keys of virtual_server. @param isActedOn says whether a checker of that word is */
export function effectiveVirtualServer(server: VirtualServer, isActedOn: (word: string) => boolean): Effective {
  const { key, persistenceTimeout, persistenceGranularity: prefixLength, forwardingMethod, onePacket, alpha } = server;
  const isPersistent = persistenceTimeout > 0;
  const free = new Map<string, RealServer[]>();
  for (const real of server.realServers) {
    const alike = free.get(real.address);
    if (alike === undefined) free.set(real.address, [real]);
    else alike.push(real);
  }
  return {
    values: {
      scheduler: { name: server.scheduler, flags: server.schedulerFlags },
      method: { method: forwardingMethod },
      protocol: key.kind === 'address' ? key.protocol : undefined,
      persistenceTimeout: isPersistent ? persistenceTimeout : undefined,
      persistenceGranularity: isPersistent ? { family: key.family, prefixLength } : undefined,
      onePacket,
      alpha,
    },
    inside: (inner, statement) => {
      if (inner !== 'realServers') return undefined;
      const [address, port] = statement.args.map(({ text }) => text);
      const alike = free.get(addressIn(address) ?? '') ?? [];
      const real = alike.find((one) => one.port === Number(port)) ?? alike[0];
      if (real === undefined) return 'left out';
      alike.splice(alike.indexOf(real), 1);
      return effectiveRealServer(real, isActedOn);
    },
  };
}

function effectiveRealServer(real: RealServer, isActedOn: (word: string) => boolean): Effective {
  const checkers = [...real.checkers];
  return {
    header: [real.address, ...(real.port === 0 ? [] : [String(real.port)])],
    values: {
      weight: real.weight,
      method: { method: real.forwardingMethod },
      inhibitOnFailure: real.inhibitOnFailure,
      upperThreshold: real.upperThreshold,
      lowerThreshold: real.lowerThreshold,
    },
    inside: (key, { keyword }) => {
      if (key !== 'checkers' || !isActedOn(keyword.text)) return undefined;
      const checker = checkers.shift();
      return checker === undefined ? 'left out' : effectiveChecker(checker);
    },
  };
}

function effectiveChecker({ kind: _, connectPort, ...same }: CheckerConfig): Effective {
  return { values: { bindAddress: undefined, ...same, connectPort: connectPort === 0 ? undefined : connectPort } };
}
