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
import { decodeIpv4 } from '../wire/ipv4.ts';
import { decodeAdvertisement } from '../wire/vrrp.ts';
import { count, type Router } from './router.ts';

/** A packet as the VRRP socket of an interface received it. */
export interface IncomingPacket {
  /** With its IPv4 header. */
  readonly bytes: Uint8Array;
  readonly receivedAt: Instant;
}

export interface AdmittedPacket {
  readonly router: Router;
  readonly event: AdvertisementEvent;
}

/** A refusal or a warning worth a line in the log. */
export interface AdmissionNotice {
  readonly router: Router;
  readonly reason: AdmissionFault | AdmissionWarning;
  readonly accepted: boolean;
  readonly source: IpAddress;
  readonly ttl: number;
  /** How many times since the start. */
  readonly count: number;
}

const REPEAT_AFTER = seconds(60);

/** Octet of the VRID in a VRRP message of either version. */
const VRID_OFFSET = 1;

/** See the file's head. */
export class Admission {
  /** Packets that no instance is for, by reason. */
  readonly strays: Record<string, number> = {};
  readonly #notify: (notice: AdmissionNotice) => void;
  readonly #noticed = new Map<string, Instant>();
  readonly #configs = new WeakMap<VirtualRouterConfig, AdmissionConfig>();

  constructor(notify: (notice: AdmissionNotice) => void) {
    this.#notify = notify;
  }

  /** The event of a packet that came in on `interfaceName`; undefined when nothing follows from it. Never throws. */
  receive(packet: IncomingPacket, interfaceName: string, routers: Iterable<Router>): AdmittedPacket | undefined {
    const decoded = decodeIpv4(packet.bytes);
    if (!decoded.ok) return this.#stray(`header ${decoded.reason}`);
    const { ttl, source, destination, payload } = decoded.value;
    const router = find(routers, interfaceName, payload[VRID_OFFSET]);
    if (!router) return this.#stray('unknown VRID');

    const message = decodeAdvertisement(payload, { source, destination });
    const { state } = router;
    const master = state.name === 'Backup' ? state.master?.address : undefined;
    const result = admit(this.#configOf(router), { ttl, source, destination, message }, master);
    if (!result.ok) {
      count(router, `refused ${result.reason}`);
      if (result.reason !== 'own-packet') this.#notice(router, result.reason, false, source, ttl, packet.receivedAt);
      return undefined;
    }
    const { priority, advertisementInterval, checksumReading, warnings } = result.value;
    count(router, 'advertisements received');
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

  #notice(
    router: Router,
    reason: AdmissionFault | AdmissionWarning,
    accepted: boolean,
    source: IpAddress,
    ttl: number,
    at: Instant,
  ): void {
    const key = `${router.instance.name} ${reason}`;
    const last = this.#noticed.get(key);
    if (last !== undefined && (reason === 'checksum-reading' || elapsed(last, at) < REPEAT_AFTER)) return;
    this.#noticed.set(key, at);
    const total = router.counters[`${accepted ? 'warned' : 'refused'} ${reason}`] ?? 0;
    this.#notify({ router, reason, accepted, source, ttl, count: total });
  }
}

function admissionConfig({ instance, config, checksumReading }: Router): AdmissionConfig {
  const { authentication } = instance;
  return {
    vrid: instance.vrid,
    version: instance.version,
    advertisementInterval: instance.advertisementInterval,
    authentication: authentication?.type === 'PASS' ? { type: 'PASS', password: authentication.password } : undefined,
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

function find(routers: Iterable<Router>, interfaceName: string, vrid: number | undefined): Router | undefined {
  for (const router of routers) {
    const { instance, state } = router;
    if (instance.vrid !== vrid || instance.interface !== interfaceName) continue;
    if (state.name !== 'Initialize') return router;
  }
  return undefined;
}

/** What a refusal or warning means, for people: what differs and what follows from it. */
export function explainNotice({ reason, accepted, source, ttl }: AdmissionNotice): string {
  const verdict = accepted ? 'listened to all the same' : 'not listened to';
  const sentences: Partial<Record<AdmissionFault | AdmissionWarning, string>> = {
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
    'unicast-source': 'it is none of unicast_peer',
    'duplicate-owner': 'it has priority 255 as we have, but addresses have one owner: give all others 254 or less',
  };
  return `advertisement from ${source} ${verdict}: ${sentences[reason] ?? reason}`;
}
