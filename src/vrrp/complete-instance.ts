/**
 * What one vrrp_instance and the VRRP part of global_defs say together: defaults, corrections, contradictions.
 * The results and the messages follow keepalived; a comment says where they do not.
 */
import { type Family, familyOf, type IpAddress } from '../base/address.ts';
import { type Duration, inSeconds, scale, seconds, ZERO } from '../base/time.ts';
import type { Details, Place, Report } from '../config/diagnostics.ts';
import type { Script } from '../config/script.ts';
import type { Reading } from '../config/table.ts';
import type { AddressLine } from './address-keywords.ts';
import type { NotifyScripts, UnicastPeer, VirtualAddress, VrrpInstance } from './instance.ts';
import type { PeerLine, vrrpInstanceKeywords } from './keywords.ts';

export type InstanceReading = Reading<(typeof vrrpInstanceKeywords)['entries']>;

/** What global_defs says for all instances. */
export interface VrrpDefaults {
  readonly version: 2 | 3;
  readonly strict: boolean;
  readonly multicastGroup: IpAddress;
  readonly multicastGroupIpv6: IpAddress;
  readonly checkUnicastSource: boolean;
  readonly skipCheckAdvertisedAddresses?: boolean;
  readonly garpMasterDelay: Duration;
  readonly garpMasterRepeat: number;
  readonly garpMasterRefresh: Duration;
  readonly garpMasterRefreshRepeat: number;
  /** Absent: as garpMasterDelay of this very level, not of the instance. */
  readonly garpLowerPriorityDelay?: Duration;
  readonly garpLowerPriorityRepeat?: number;
  readonly lowerPriorityNoAdvert?: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly downTimerAdverts: number;
  readonly notifyPriorityChanges?: boolean;
  readonly smtpAlert?: boolean;
  readonly smtpAlertVrrp?: boolean;
  /** Says whether the host has an interface; absent: not asked, as with keepalived.conf(5) "dynamic_interfaces". */
  readonly interfaceExists?: (name: string) => boolean;
}

/** As many addresses as the count of an advertisement can tell: RFC 3768 §5.3.5. */
const ADDRESSES_MAX = 255;
const OWNER_PRIORITY = 255;
const DEFAULT_PRIORITY = 100;
const TTL_MAX = 255;
/** Max Adver Int of version 3 has 12 bits of centiseconds: RFC 5798 §5.2.7. */
const VERSION_3_INTERVAL_MAX = seconds(40.95);
/** To be filled in by what tracks: references.ts. */
const NOTHING_TRACKED = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };

/** The instance with everything filled in, but what it tracks. */
export const completeInstance = (
  reading: InstanceReading,
  name: string,
  defaults: VrrpDefaults,
  report: Report,
): VrrpInstance => new InstanceBuilder(reading, name, defaults, report).build();

class InstanceBuilder {
  readonly #reading: InstanceReading;
  readonly #name: string;
  readonly #defaults: VrrpDefaults;
  readonly #report: Report;
  readonly #strict: boolean;

  constructor(reading: InstanceReading, name: string, defaults: VrrpDefaults, report: Report) {
    this.#reading = reading;
    this.#name = name;
    this.#defaults = defaults;
    this.#report = report;
    this.#strict = reading.values.strictMode ?? defaults.strict;
  }

  build(): VrrpInstance {
    const { values } = this.#reading;
    const defaults = this.#defaults;
    const family = this.#family();
    const sourceAddress = this.#ofFamily(values.sourceAddress, family);
    const { advertised, excluded } = this.#addresses(family);
    this.#missingInterfaces();
    const unicastPeers = this.#peers(family);
    this.#checkUnicast(unicastPeers);
    const version = values.version ?? (family === 'inet6' ? 3 : defaults.version);
    const priority = values.priority ?? (values.state === 'MASTER' ? OWNER_PRIORITY : DEFAULT_PRIORITY);
    const authentication = this.#authentication(version);
    const state = this.#state(priority, authentication?.type === 'AH');
    return {
      name: this.#name,
      family,
      state,
      interface: values.interface,
      vrid: values.vrid,
      priority,
      version,
      advertisementInterval: this.#advertisementInterval(version),
      ...(authentication === undefined ? {} : { authentication }),
      virtualAddresses: advertised,
      excludedAddresses: excluded,
      ...this.#preemption(state, priority),
      acceptMode: values.acceptMode || !(values.noAccept || (this.#strict && priority !== OWNER_PRIORITY)),
      strictMode: this.#strict,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
      trackSourceAddress: values.trackSourceAddress,
      multicastGroup: this.#multicastGroup(family),
      unicastPeers: unicastPeers.map(({ address, minTtl, maxTtl }) => ({ address, minTtl, maxTtl })),
      unicastTtl: values.unicastTtl ?? TTL_MAX,
      checkUnicastSource:
        values.checkUnicastSource || defaults.checkUnicastSource || unicastPeers.some(({ checksTtl }) => checksTtl),
      unicastFaultNoPeer: values.unicastFaultNoPeer,
      oldUnicastChecksum:
        values.oldUnicastChecksum === undefined ? 'auto' : values.oldUnicastChecksum === true ? 'always' : 'never',
      checksumAsVersion2: values.checksumAsVersion2 ?? false,
      skipCheckAdvertisedAddresses:
        values.skipCheckAdvertisedAddresses ?? defaults.skipCheckAdvertisedAddresses ?? false,
      ...this.#garp(),
      lowerPriorityNoAdvert: this.#strict || (values.lowerPriorityNoAdvert ?? defaults.lowerPriorityNoAdvert ?? false),
      higherPrioritySendAdvert: !this.#strict && (values.higherPrioritySendAdvert ?? defaults.higherPrioritySendAdvert),
      downTimerAdverts: this.#downTimerAdverts(),
      trackPrimary: !values.dontTrackPrimary,
      tracking: NOTHING_TRACKED,
      virtualRoutes: values.virtualRoutes.map(({ route }) => route),
      virtualRules: values.virtualRules.map(({ rule }) => rule),
      promoteSecondaries: values.promoteSecondaries,
      notify: this.#notify(),
      notifyDeleted: values.notifyDeleted !== undefined,
      notifyPriorityChanges: values.notifyPriorityChanges ?? defaults.notifyPriorityChanges ?? false,
      smtpAlert: values.smtpAlert ?? defaults.smtpAlertVrrp ?? defaults.smtpAlert ?? false,
    };
  }

  #garp() {
    const { values } = this.#reading;
    const defaults = this.#defaults;
    return {
      garpMasterDelay: values.garpMasterDelay ?? defaults.garpMasterDelay,
      garpMasterRepeat: values.garpMasterRepeat ?? defaults.garpMasterRepeat,
      garpMasterRefresh: values.garpMasterRefresh ?? defaults.garpMasterRefresh,
      garpMasterRefreshRepeat: values.garpMasterRefreshRepeat ?? defaults.garpMasterRefreshRepeat,
      garpLowerPriorityDelay: this.#strict
        ? ZERO
        : (values.garpLowerPriorityDelay ?? defaults.garpLowerPriorityDelay ?? defaults.garpMasterDelay),
      garpLowerPriorityRepeat: this.#strict
        ? 0
        : (values.garpLowerPriorityRepeat ?? defaults.garpLowerPriorityRepeat ?? defaults.garpMasterRepeat),
    };
  }

  #notify(): NotifyScripts {
    const { values } = this.#reading;
    const all: { readonly [K in keyof NotifyScripts]: Script | true | undefined } = {
      master: values.notifyMaster,
      backup: values.notifyBackup,
      fault: values.notifyFault,
      stop: values.notifyStop,
      deleted: values.notifyDeleted,
      masterLowerPriority: values.notifyMasterLowerPriority,
      any: values.notifyScript,
    };
    return Object.fromEntries(Object.entries(all).filter(([, script]) => script !== undefined && script !== true));
  }

  #multicastGroup(family: Family): IpAddress {
    const given = this.#reading.values.multicastGroup;
    if (given !== undefined && familyOf(given) === family) return given;
    if (given !== undefined) {
      this.#report.error(this.#place('multicastGroup'), `${given} is not of the instance's family; it is ignored`);
    }
    return family === 'inet6' ? this.#defaults.multicastGroupIpv6 : this.#defaults.multicastGroup;
  }

  /** The family of what is written first: a source, a peer or an address. */
  #family(): Family {
    const { values, at } = this.#reading;
    const line = values.virtualAddresses[0];
    const candidates = [
      { address: values.sourceAddress, place: at('sourceAddress')?.keyword },
      { address: values.unicastPeers[0]?.address, place: at('unicastPeers')?.keyword },
      { address: line?.address, place: line?.word },
    ].filter(({ address }) => address !== undefined);
    candidates.sort(
      (a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
    const first = candidates[0]?.address;
    return first === undefined ? 'inet' : familyOf(first);
  }

  #ofFamily(address: IpAddress | undefined, family: Family): IpAddress | undefined {
    if (address === undefined || familyOf(address) === family) return address;
    this.#report.error(this.#place('sourceAddress'), `${address} is not of the instance's family; it is ignored`);
    return undefined;
  }

  #addresses(family: Family): { advertised: VirtualAddress[]; excluded: VirtualAddress[] } {
    const { values } = this.#reading;
    const fitting = values.virtualAddresses.filter((line) => {
      if (familyOf(line.address) === family) return true;
      this.#report.error(line.word, `${line.address} is not of the instance's family; it is ignored`, {
        suggestion: 'put it into virtual_ipaddress_excluded, or give each family its own instance',
      });
      return false;
    });
    const advertised = this.#held(fitting);
    const excluded = this.#held(values.excludedAddresses);
    if (advertised.length === 0 && !values.noVirtualAddress) {
      this.#report.warning(this.#place('virtualAddresses'), `${this.#title()} has no virtual address to advertise`, {
        suggestion: 'add virtual_ipaddress { ADDRESS }',
        ...(this.#strict ? { fatal: true as const } : {}),
      });
    }
    const surplus = advertised.splice(ADDRESSES_MAX);
    if (surplus.length > 0) {
      this.#report.warning(
        this.#place('virtualAddresses'),
        `an advertisement names at most ${ADDRESSES_MAX} addresses; ${surplus.length} are held like excluded ones`,
      );
    }
    return { advertised, excluded: [...surplus, ...excluded] };
  }

  /** The addresses of lines. What is there twice is twice in advertisements too, as keepalived 2.2.7 has it. */
  #held(lines: readonly AddressLine[]): VirtualAddress[] {
    const seen = new Set<string>();
    return lines.map(({ word, interface: name = this.#reading.values.interface, trackGroup: _, ...rest }) => {
      const identity = `${rest.address}/${rest.prefixLength} ${name}`;
      if (seen.has(identity)) this.#report.warning(word, `${identity} is there already`, { exitCode: 0 });
      seen.add(identity);
      return { ...rest, interface: name };
    });
  }

  /** A missing interface is no reason to leave the instance out: it waits for it in FAULT. */
  #missingInterfaces(): void {
    const { values, at } = this.#reading;
    const exists = this.#defaults.interfaceExists ?? (() => true);
    const place = at('interface')?.args[0] ?? this.#place();
    if (!exists(values.interface))
      this.#report.warning(place, `interface ${values.interface} does not exist on this host`);
    for (const { interface: name, word } of [...values.virtualAddresses, ...values.excludedAddresses]) {
      if (name === undefined || exists(name)) continue;
      this.#report.warning(word, `interface ${name} of ${word.text} does not exist on this host`);
    }
  }

  #peers(family: Family): PeerLine[] {
    const peers = new Map<IpAddress, PeerLine>();
    for (const peer of this.#reading.values.unicastPeers) {
      if (familyOf(peer.address) === family) peers.set(peer.address, peer);
      else this.#report.error(peer.word, `the peer ${peer.address} is not of the instance's family; it is ignored`);
    }
    return [...peers.values()];
  }

  /** keepalived falls back to multicast, and so do we. */
  #checkUnicast(peers: readonly UnicastPeer[]): void {
    if (peers.length > 0) return;
    const { at } = this.#reading;
    const places = [at('sourceAddress'), at('checkUnicastSource'), at('oldUnicastChecksum'), at('unicastTtl')];
    for (const place of places) {
      if (place === undefined || place.keyword.text === 'mcast_src_ip') continue;
      this.#report.warning(place.keyword, `${place.keyword.text} without unicast_peer: advertisements are multicast`);
    }
  }

  #state(priority: number, isAh: boolean): 'MASTER' | 'BACKUP' {
    const { priority: given } = this.#reading.values;
    const state = this.#reading.values.state ?? (priority === OWNER_PRIORITY ? 'MASTER' : 'BACKUP');
    if (isAh && state === 'MASTER') {
      this.#report.warning(this.#place('state'), 'state MASTER does not go with auth_type AH; BACKUP is used');
      return 'BACKUP';
    }
    if (state === 'MASTER' && given === undefined) {
      this.#report.warning(
        this.#place('state'),
        'state MASTER without priority means priority 255, the owner of the addresses',
        { suggestion: 'write the priority', exitCode: 0 },
      );
    }
    if (!this.#strict || (state === 'MASTER') === (priority === OWNER_PRIORITY)) return state;
    this.#report.warning(this.#place('state'), 'in strict mode state MASTER and priority 255 go together');
    return priority === OWNER_PRIORITY ? 'MASTER' : 'BACKUP';
  }

  #preemption(state: 'MASTER' | 'BACKUP', priority: number): { preemptMode: boolean; preemptDelay: Duration } {
    const { values } = this.#reading;
    let nopreempt = values.nopreempt && !values.preempt;
    let preemptDelay = values.preemptDelay;
    if (nopreempt && priority === OWNER_PRIORITY) {
      nopreempt = false;
      this.#report.warning(this.#place('nopreempt'), 'nopreempt does not go with priority 255; it is ignored');
    } else if (nopreempt && state === 'MASTER') {
      nopreempt = false;
      this.#report.warning(this.#place('nopreempt'), 'nopreempt does not go with state MASTER; it is ignored', {
        suggestion: 'write state BACKUP on all routers',
      });
    }
    const against = this.#strict
      ? 'strict mode'
      : state === 'MASTER'
        ? 'state MASTER'
        : nopreempt
          ? 'nopreempt'
          : undefined;
    if (preemptDelay > 0 && against !== undefined) {
      preemptDelay = ZERO;
      this.#report.warning(this.#place('preemptDelay'), `preempt_delay does not go with ${against}; it is ignored`);
    }
    return { preemptMode: !nopreempt, preemptDelay };
  }

  #downTimerAdverts(): number {
    const given = this.#reading.values.downTimerAdverts ?? this.#defaults.downTimerAdverts;
    if (!this.#strict || given === 3) return given;
    this.#report.warning(this.#place('downTimerAdverts'), 'down_timer_adverts is 3 in strict mode');
    return 3;
  }

  #advertisementInterval(version: 2 | 3): Duration {
    const interval = this.#reading.values.advertisementInterval;
    const unit = version === 2 ? seconds(1) : seconds(0.01);
    const rounded = scale(unit, Math.max(1, Math.floor((interval + unit / 2) / unit)));
    if (version === 3 && rounded > VERSION_3_INTERVAL_MAX) {
      this.#correctInterval('version 3 advertises at least every 40.95 s', VERSION_3_INTERVAL_MAX);
      return VERSION_3_INTERVAL_MAX;
    }
    if (rounded !== interval) {
      this.#correctInterval(
        `version ${version} counts in ${version === 2 ? 'whole seconds' : 'hundredths of a second'}`,
        rounded,
      );
    }
    return rounded;
  }

  #correctInterval(reason: string, interval: Duration): void {
    this.#report.warning(
      this.#place('advertisementInterval'),
      `advert_int: ${reason}; ${inSeconds(interval)} s is used`,
    );
  }

  #authentication(version: 2 | 3): VrrpInstance['authentication'] {
    const given = this.#reading.values.authentication;
    if (given === undefined) return undefined;
    const { type, password } = given.values;
    const none = (problem: string, details: Details = {}): undefined => {
      const place = given.at('type')?.keyword ?? given.at('password')?.keyword ?? given.keyword;
      this.#report.warning(place, `${problem}; advertisements are not authenticated`, details);
    };
    if (type === undefined) {
      if (password === undefined || given.refused('type')) return undefined;
      return none('auth_pass without auth_type', { suggestion: 'add auth_type PASS', exitCode: 0 });
    }
    if (version === 3) return none('VRRP version 3 has no authentication');
    if (this.#strict) return none('strict mode has no authentication');
    return password === undefined ? none(`auth_type ${type} without auth_pass`) : { type, password };
  }

  /** Where a keyword is given, or else where the instance begins. */
  #place(key?: Parameters<InstanceReading['at']>[0]): Place {
    return (key === undefined ? undefined : this.#reading.at(key)?.keyword) ?? this.#reading.keyword;
  }

  #title(): string {
    return `vrrp_instance ${this.#name}`;
  }
}
