/**
 * From a received packet to an event for the router that it is for, or to a counter.
 *
 * What a stranger can send is counted always and logged seldom: once per instance and reason, and again after a minute
 * if it goes on, with the count; how a checksum is read, once. However many senders are invented, there are no more lines.
 */
import type { IpAddress } from '../base/address.ts';
import type { Instant } from '../base/time.ts';
import { elapsed, seconds } from '../base/time.ts';
import { type AdmissionConfig, type AdmissionFault, type AdmissionWarning, admit } from '../vrrp/admission.ts';
import type { AdvertisementEvent, VirtualRouterConfig } from '../vrrp/virtual-router.ts';
import { decodeAdvertisement } from '../wire/vrrp.ts';
import type { Hearers } from './hearers.ts';
import { authenticate, type HeaderFault, type IncomingPacket, openPacket, vridOf } from './incoming.ts';
import { count, type Router } from './router.ts';

export interface AdmittedPacket {
  readonly router: Router;
  readonly event: AdvertisementEvent;
}

/** A refusal or a warning worth a line in the log. */
export interface AdmissionNotice {
  readonly router: Router;
  readonly reason: Reason;
  readonly accepted: boolean;
  readonly source: IpAddress;
  readonly ttl: number;
  /** How many times since the start. */
  readonly count: number;
}

const REPEAT_AFTER = seconds(60);

type Reason = AdmissionFault | AdmissionWarning | HeaderFault;

/** See the file's head. */
export class Admission {
  /** Packets that no instance is for, by reason. */
  readonly strays: Record<string, number> = {};
  readonly #notify: (notice: AdmissionNotice) => void;
  readonly #noticed = new Map<string, Instant>();
  readonly #configs = new WeakMap<VirtualRouterConfig, AdmissionConfig>();

  /** keepalived.conf(5) "log_unknown_vrids": gets each VRID that nobody here has, once a minute at most. */
  onUnknown: ((vrid: number, source: IpAddress) => void) | undefined;

  constructor(notify: (notice: AdmissionNotice) => void) {
    this.#notify = notify;
  }

  /** The event of a packet that came in through an ear; undefined when nothing follows from it. Never throws. */
  receive(packet: IncomingPacket, ear: string, hearers: Hearers): AdmittedPacket | undefined {
    const opened = openPacket(packet);
    if (!opened.ok) return this.#stray(`header ${opened.reason}`);
    const { ttl, source, destination, message: bytes } = opened.value;
    const router = chosen(hearers.of(ear, vridOf(opened.value)), source);
    if (!router) {
      this.#noticeUnknown(vridOf(opened.value), source, packet.receivedAt);
      return this.#stray('unknown VRID');
    }

    if (router.digest !== undefined) {
      const counter = authenticate(packet.bytes, router.digest, router.sequenceNumber);
      if (!counter.ok) return this.#refuse(router, counter.reason, source, ttl, packet.receivedAt);
      router.sequenceNumber = counter.value;
    }
    const message = decodeAdvertisement(bytes, { source, destination });
    const { state } = router;
    const master = state.name === 'Backup' ? state.master?.address : undefined;
    const result = admit(this.#configOf(router), { ttl, source, destination, message }, master);
    if (!result.ok) return this.#refuse(router, result.reason, source, ttl, packet.receivedAt);
    const { priority, advertisementInterval, checksumReading, warnings } = result.value;
    count(router, 'advertisements received');
    if (isDeaf(router)) return void count(router, 'ignored as owner');
    if (priority === 0) count(router, 'priority zero received');
    // keepalived before 1.3.7 sends these: it is answered in kind, so that it can hear us
    if (checksumReading === 'group-pseudo-header' && router.instance.oldUnicastChecksum === 'auto') {
      router.checksumReading = checksumReading;
    }
    for (const warning of warnings) {
      count(router, `warned ${warning}`);
      this.#notice(router, warning, true, source, ttl, packet.receivedAt);
    }
    return { router, event: { type: 'advertisement', priority, source, advertisementInterval } };
  }

  #noticeUnknown(vrid: number | undefined, source: IpAddress, at: Instant): void {
    if (this.onUnknown === undefined || vrid === undefined || this.#isRecent(`VRID ${vrid}`, at)) return;
    this.onUnknown(vrid, source);
  }

  /** Whether it has been noticed within the last minute; it is now. */
  #isRecent(key: string, at: Instant): boolean {
    const last = this.#noticed.get(key);
    if (last !== undefined && elapsed(last, at) < REPEAT_AFTER) return true;
    this.#noticed.set(key, at);
    return false;
  }

  /** What packets are held against, made once for each configuration of the router. */
  #configOf(router: Router): AdmissionConfig {
    const known = this.#configs.get(router.config);
    if (known?.checksumReading === router.checksumReading) return known;
    const config = admissionConfig(router);
    this.#configs.set(router.config, config);
    return config;
  }

  #stray(reason: string): undefined {
    this.strays[reason] = (this.strays[reason] ?? 0) + 1;
    return undefined;
  }

  #refuse(router: Router, reason: Reason, source: IpAddress, ttl: number, at: Instant): undefined {
    count(router, `refused ${reason}`);
    if (reason !== 'own-packet') this.#notice(router, reason, false, source, ttl, at);
    return undefined;
  }

  #notice(router: Router, reason: Reason, accepted: boolean, source: IpAddress, ttl: number, at: Instant): void {
    const key = `${router.instance.name} ${reason}`;
    if (reason === 'checksum-reading' && this.#noticed.has(key)) return;
    if (this.#isRecent(key, at)) return;
    const total = router.counters[`${accepted ? 'warned' : 'refused'} ${reason}`] ?? 0;
    this.#notify({ router, reason, accepted, source, ttl, count: total });
  }
}

/** keepalived.conf(5) "owner_ignore_adverts": the owner of the addresses, unless it waits for its successor. */
const isDeaf = ({ instance, config, state }: Router): boolean =>
  instance.ownerIgnoresAdverts && config.priority === 255 && !(state.name === 'Master' && state.leaving !== undefined);

function admissionConfig({ instance, config, checksumReading }: Router): AdmissionConfig {
  const { authentication } = instance;
  return {
    vrid: instance.vrid,
    version: instance.version,
    advertisementInterval: instance.advertisementInterval,
    authentication,
    addresses: instance.virtualAddresses.map((entry) => entry.address),
    localAddress: config.localAddress,
    unicast: instance.unicastPeers.length > 0,
    peers: instance.unicastPeers,
    checkUnicastSource: instance.checkUnicastSource,
    skipCheckAdvertisedAddresses: instance.skipCheckAdvertisedAddresses,
    isOwner: config.priority === 255,
    checksumReading,
  };
}

/** Of several with the same VRID, the one that has the sender as its peer. A router that is not started hears nothing. */
function chosen(routers: readonly Router[], source: IpAddress): Router | undefined {
  let first: Router | undefined;
  for (const router of routers) {
    if (router.state.name === 'Initialize') continue;
    if (router.instance.unicastPeers.some(({ address }) => address === source)) return router;
    first ??= router;
  }
  return first;
}

/** What a refusal or warning means, for people: what differs and what follows from it. */
export function explainNotice({ reason, accepted, source, ttl }: AdmissionNotice): string {
  const verdict = accepted ? 'listened to all the same' : 'not listened to';
  const sentences: Partial<Record<Reason, string>> = {
    ttl: `TTL ${ttl}, which it cannot have from there: it has been forwarded`,
    version: 'another VRRP version than ours; two masters follow',
    'authentication-type': 'another auth_type than ours; two masters follow',
    password: 'another auth_pass than ours; two masters follow',
    'advertisement-interval': accepted
      ? 'another advert_int than ours'
      : 'another advert_int than ours; two masters follow',
    'address-list': 'other virtual addresses than ours: compare virtual_ipaddress of both nodes',
    destination: 'unicast where we use multicast, or the other way round; two masters follow',
    checksum: 'a wrong checksum',
    'checksum-reading': 'a checksum computed over something else than ours (see v3_checksum_as_v2)',
    'authentication-header-missing': 'it has no Authentication Header; two masters follow',
    'authentication-header-digest': 'another auth_pass than ours, or changed on its way; two masters follow',
    'authentication-header-index': 'an Authentication Header of another address',
    'authentication-header-replay': 'it has been heard before, or its sender has begun anew',
    'unicast-source': 'it is none of unicast_peer',
    'duplicate-owner': 'it has priority 255 as we have, but addresses have one owner: give all others 254 or less',
  };
  return `advertisement from ${source} ${verdict}: ${sentences[reason] ?? reason}`;
}
