/**
 * What one vrrp_instance and the VRRP part of global_defs say together: defaults, corrections, contradictions.
 * The results and the messages follow keepalived; a comment says where they do not.
 */
import type { IpAddress } from '../base/address.ts';
import { type Duration, inSeconds, scale, seconds, ZERO } from '../base/time.ts';
import type { Details, Place, Report } from '../config/diagnostics.ts';
import type { Script } from '../config/script.ts';
import type { Reading } from '../config/table.ts';
import type { AddressLine } from './address-keywords.ts';
import type { NotifyScripts, VirtualAddress, VrrpInstance } from './instance.ts';
import { type Ordered, readInOrder } from './instance-order.ts';
import type { vrrpInstanceKeywords } from './keywords.ts';
import { addressesMax, checkStrict } from './strict-mode.ts';
import type { GivenInterface, InterfaceNames } from './virtual-interfaces.ts';
import type { VrrpDefaults } from './vrrp-defaults.ts';

export type InstanceReading = Reading<(typeof vrrpInstanceKeywords)['entries']>;

const OWNER_PRIORITY = 255;
const DEFAULT_PRIORITY = 100;
/** keepalived.conf(5) "timer_expired_backup": the highest that another router may have. */
const EXPIRY_PRIORITY = 254;
const TTL_MAX = 255;
/** Max Adver Int of version 3 has 12 bits of centiseconds: RFC 5798 §5.2.7. */
const VERSION_3_INTERVAL_MAX = seconds(40.95);
/** To be filled in by what tracks: references.ts. */
const NOTHING_TRACKED = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };

/** An instance, and what its neighbours in the file have a say in. */
export interface Completed {
  /** Without what it tracks, without interfaces of its own. */
  readonly instance: VrrpInstance;
  readonly ownInterface: GivenInterface;
  /** As it was given, corrected. */
  readonly transmitBase: boolean;
}

/** The instance with everything filled in. @param names for use_vmac and use_ipvlan */
export const completeInstance = (
  reading: InstanceReading,
  name: string,
  defaults: VrrpDefaults,
  names: InterfaceNames,
  report: Report,
): Completed => new InstanceBuilder(reading, name, defaults, names, report).build();

class InstanceBuilder {
  readonly #reading: InstanceReading;
  readonly #name: string;
  readonly #defaults: VrrpDefaults;
  readonly #report: Report;
  readonly #strict: boolean;
  readonly #given: InstanceReading['given'];
  readonly #order: Ordered;

  constructor(reading: InstanceReading, name: string, defaults: VrrpDefaults, names: InterfaceNames, report: Report) {
    this.#reading = reading;
    this.#name = name;
    this.#defaults = defaults;
    this.#report = report;
    this.#strict = reading.values.strictMode ?? defaults.strict;
    this.#given = reading.given;
    this.#order = readInOrder(this.#given, names, report);
  }

  build(): Completed {
    const { values } = this.#reading;
    const defaults = this.#defaults;
    const { family, sourceAddress, peers, unicastKeywords, ownInterface } = this.#order;
    this.#missingInterfaces();
    if (values.hmac !== undefined) {
      const message = 'auth_hmac is not acted on: with peers that enforce it there are two masters';
      this.#report.warning(this.#place('hmac'), message, { exitCode: 0 });
    }
    const version = this.#version();
    const priority = values.priority ?? (values.state === 'MASTER' ? OWNER_PRIORITY : DEFAULT_PRIORITY);
    const authentication = this.#authentication(version);
    const state = this.#state(priority, authentication?.type === 'AH');
    const { advertised, excluded } = this.#addresses(version);
    const preemption = this.#preemption(state, priority);
    const instance: VrrpInstance = {
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
      ...preemption,
      acceptMode: this.#acceptMode(version, priority),
      strictMode: this.#strict,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
      trackSourceAddress: values.trackSourceAddress,
      multicastGroup: this.#multicastGroup(),
      // without peers keepalived takes its word back
      unicastConfigured: unicastKeywords.some((word) => word.text !== 'unicast_ttl' || peers.length > 0),
      unicastPeers: peers.map(({ address, minTtl, maxTtl }) => ({ address, minTtl, maxTtl })),
      unicastTtl: (peers.length > 0 ? values.unicastTtl : undefined) ?? TTL_MAX,
      checkUnicastSource:
        values.checkUnicastSource || defaults.checkUnicastSource || peers.some(({ checksTtl }) => checksTtl),
      unicastFaultNoPeer: values.unicastFaultNoPeer,
      oldUnicastChecksum:
        values.oldUnicastChecksum === undefined ? 'auto' : values.oldUnicastChecksum === true ? 'always' : 'never',
      checksumAsVersion2: values.checksumAsVersion2 ?? defaults.checksumAsVersion2 !== undefined,
      skipCheckAdvertisedAddresses:
        values.skipCheckAdvertisedAddresses ?? defaults.skipCheckAdvertisedAddresses ?? false,
      ...this.#garp(),
      lowerPriorityNoAdvert: this.#strict || (values.lowerPriorityNoAdvert ?? defaults.lowerPriorityNoAdvert ?? false),
      higherPrioritySendAdvert: !this.#strict && (values.higherPrioritySendAdvert ?? defaults.higherPrioritySendAdvert),
      downTimerAdverts: this.#downTimerAdverts(),
      ...this.#timerExpired(preemption.preemptMode),
      ownerIgnoresAdverts:
        priority === OWNER_PRIORITY && (values.ownerIgnoreAdverts ?? defaults.ownerIgnoreAdverts ?? false),
      trackPrimary: !values.dontTrackPrimary,
      tracking: NOTHING_TRACKED,
      useVmacAddresses: values.useVmacAddresses,
      ...this.#extraGarp(),
      ...this.#receiveBuffer(),
      virtualRoutes: values.virtualRoutes.map(({ route }) => route),
      virtualRules: values.virtualRules.map(({ rule }) => rule),
      promoteSecondaries: values.promoteSecondaries && !ownInterface.useVmac && !ownInterface.useIpvlan,
      notify: this.#notify(),
      ...(values.notifyWebhook === undefined ? {} : { notifyWebhook: values.notifyWebhook }),
      notifyDeleted: values.notifyDeleted !== undefined,
      notifyPriorityChanges: values.notifyPriorityChanges ?? defaults.notifyPriorityChanges ?? false,
      smtpAlert: values.smtpAlert ?? defaults.smtpAlertVrrp ?? defaults.smtpAlert ?? false,
    };
    this.#checkUnicast();
    this.#checkOwnInterface();
    checkStrict(this.#reading, this.#strict, family, this.#order.addresses[0], this.#report);
    const { mac, ...withoutMac } = ownInterface;
    const own = mac !== undefined && !this.#strict ? ownInterface : withoutMac;
    if (mac !== undefined && this.#strict) this.#strictly('useVmac', 'strict mode has no MAC address but the RFC’s');
    return { instance, ownInterface: own, transmitBase: this.#transmitBase() };
  }

  #version(): 2 | 3 {
    const { family, version } = this.#order;
    if (family === 'inet') return version ?? this.#defaults.version;
    if (version !== 2) return 3;
    if (!this.#strict) return 2;
    this.#strictly('version', 'in strict mode IPv6 has version 3, which is used');
    return 3;
  }

  #acceptMode(version: 2 | 3, priority: number): boolean {
    const last = this.#last('acceptMode', 'noAccept');
    if (priority === OWNER_PRIORITY) return true;
    if (!this.#strict) return last !== 'noAccept';
    if (last !== 'acceptMode' || version === 3) return last === 'acceptMode';
    this.#strictly('acceptMode', 'in strict mode there is no accept of version 2; it is ignored');
    return false;
  }

  /** Which of these keywords stands last. */
  #last(...keys: readonly Parameters<InstanceReading['at']>[0][]): string | undefined {
    return this.#given.findLast(({ key }) => keys.includes(key))?.key;
  }

  /** What an interface of its own needs, or brings along. */
  #checkOwnInterface(): void {
    const { ownInterface, family } = this.#order;
    const { useVmac, useIpvlan, address } = ownInterface;
    if (useIpvlan && family === 'inet' && address === undefined) {
      this.#report.warning(
        this.#place('useIpvlan'),
        'use_ipvlan has no address to send from; the instance is in FAULT',
        {
          suggestion: 'add the address behind use_ipvlan',
        },
      );
    }
    if ((useVmac || useIpvlan) && this.#reading.values.promoteSecondaries) {
      this.#report.warning(
        this.#place('promoteSecondaries'),
        'promote_secondaries is set anyway on an interface of its own',
      );
    }
  }

  /** Where advertisements leave an interface of its own. */
  #transmitBase(): boolean {
    const { values } = this.#reading;
    const { useVmac, useIpvlan } = this.#order.ownInterface;
    const isOwn = useVmac || useIpvlan;
    if (this.#order.unicastKeywords.length > 0 && isOwn && !values.vmacTransmitBase) {
      this.#report.warning(
        this.#place(useVmac ? 'useVmac' : 'useIpvlan'),
        'with unicast this needs vmac_xmit_base; it is set',
      );
    }
    const given = values.vmacTransmitBase || (this.#order.unicastKeywords.length > 0 && isOwn);
    if (given && !useVmac) {
      this.#report.warning(this.#place('vmacTransmitBase'), 'vmac_xmit_base goes with use_vmac only; it is ignored');
    }
    if (given && useVmac && this.#strict) {
      this.#strictly('vmacTransmitBase', 'strict mode does not go with vmac_xmit_base; it is ignored');
      return false;
    }
    return given && useVmac;
  }

  #strictly(key: Parameters<InstanceReading['at']>[0], message: string): void {
    this.#report.warning(this.#place(key), message);
  }

  /** There is room for more than packets of any size, times any multiplier that makes sense: only a number counts. */
  #receiveBuffer(): Pick<VrrpInstance, 'kernelReceiveBuffer' | 'receiveBufferPolicy'> {
    const { receiveBufferPolicy: policy } = this.#defaults;
    const { kernelReceiveBuffer } = this.#reading.values;
    return {
      ...(kernelReceiveBuffer === undefined ? {} : { kernelReceiveBuffer }),
      ...(typeof policy === 'number' ? { receiveBufferPolicy: policy } : {}),
    };
  }

  #extraGarp(): Pick<VrrpInstance, 'garpExtraInterface'> {
    const given = this.#reading.values.garpExtraInterface ?? this.#defaults.garpExtraInterface;
    return given === undefined ? {} : { garpExtraInterface: given };
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

  #multicastGroup(): IpAddress {
    const { family, multicastGroup, peers } = this.#order;
    if (multicastGroup !== undefined && peers.length === 0) return multicastGroup;
    if (multicastGroup !== undefined) {
      this.#report.warning(this.#place('multicastGroup'), 'mcast_dst_ip does not go with unicast_peer; it is ignored');
    }
    return family === 'inet6' ? this.#defaults.multicastGroupIpv6 : this.#defaults.multicastGroup;
  }

  #addresses(version: 2 | 3): { advertised: VirtualAddress[]; excluded: VirtualAddress[] } {
    const { values } = this.#reading;
    const { addresses, family } = this.#order;
    const advertised = this.#held(addresses);
    const excluded = this.#held(values.excludedAddresses);
    if (advertised.length === 0 && !values.noVirtualAddress) {
      this.#report.warning(this.#place('virtualAddresses'), `${this.#title()} has no virtual address to advertise`, {
        suggestion: 'add virtual_ipaddress { ADDRESS }',
        ...(this.#strict ? { fatal: true as const } : {}),
      });
    }
    const max = addressesMax(family, version, this.#defaults.link?.(values.interface)?.mtu);
    const surplus = advertised.splice(max);
    if (surplus.length > 0) {
      this.#report.warning(
        this.#place('virtualAddresses'),
        `an advertisement on ${values.interface} has room for ${max} addresses; ${surplus.length} are held like excluded ones`,
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
      if (rest.useVmac && this.#order.ownInterface.useVmac && name === this.#reading.values.interface) {
        this.#report.warning(word, `${rest.address} is on the virtual MAC of the instance anyway`);
      }
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

  /** keepalived falls back to multicast, and so do we. */
  #checkUnicast(): void {
    const { peers, unicastKeywords } = this.#order;
    if (peers.length > 0) return;
    const { unicastFaultNoPeer } = this.#reading.values;
    for (const place of unicastKeywords) {
      const consequence = unicastFaultNoPeer ? 'the instance is in FAULT' : 'advertisements are multicast';
      const isSilent = unicastFaultNoPeer && place.text !== 'unicast_ttl';
      this.#report.warning(place, `${place.text} without an address in unicast_peer: ${consequence}`, {
        ...(isSilent ? { exitCode: 0 as const } : {}),
      });
    }
  }

  #state(priority: number, isAh: boolean): 'MASTER' | 'BACKUP' {
    const { priority: given } = this.#reading.values;
    const state = this.#reading.values.state ?? (priority === OWNER_PRIORITY ? 'MASTER' : 'BACKUP');
    if (isAh && state === 'MASTER' && priority !== OWNER_PRIORITY) {
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
    let nopreempt = this.#last('nopreempt', 'preempt') === 'nopreempt';
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

  #timerExpired(preemptMode: boolean): Pick<VrrpInstance, 'timerExpiredPriority'> {
    const { timerExpiredBackup: given } = this.#reading.values;
    if (given === undefined) return {};
    if (!preemptMode) return { timerExpiredPriority: given === true ? EXPIRY_PRIORITY : given };
    this.#report.warning(
      this.#place('timerExpiredBackup'),
      'timer_expired_backup goes with nopreempt only; it is ignored',
    );
    return {};
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
    if (type === 'AH' && this.#order.family === 'inet6') return none('there is no auth_type AH for IPv6');
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
