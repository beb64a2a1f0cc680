/**
 * vrrp_instance and the other VRRP blocks of keepalived.conf(5): their words, and what a virtual router is told.
 * What the keywords say about each other is in instances.ts.
 */
import { seconds, ZERO } from '../base/time.ts';
import type { Word } from '../config/lexer.ts';
import { script } from '../config/script.ts';
import { block, flag, LATER, type LineType, list, optional, required, table, value } from '../config/table.ts';
import {
  boolean,
  type Complaints,
  decimalSeconds,
  INT32_MAX,
  integer,
  interfaceName,
  ipAddress,
  oneOf,
  oneWord,
  orNothing,
  text,
  UINT32_MAX,
  type ValueType,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';
import { webAddress } from '../config/web-address.ts';
import { addressLine } from './address-keywords.ts';
import { extraGarp } from './garp-values.ts';
import type { UnicastPeer } from './instance.ts';
import { peerOptions } from './line-options.ts';
import { nameLine } from './root-keywords.ts';
import { routeLine } from './route-keywords.ts';
import { ruleLine } from './rule-keywords.ts';
import { trackKeywords } from './tracking-keywords.ts';

/** A peer as it was read. */
export interface PeerLine extends UnicastPeer {
  readonly word: Word;
  /** It has an option, so the sources of advertisements are looked at. */
  readonly checksTtl?: true;
}

const TTL_MAX = 255;

/** A number in any spelling, as 02. */
export const protocolVersion = integer(2, 3, { leading: true }) as ValueType<number> as ValueType<2 | 3>;

/** `ADDRESS [min_ttl N] [max_ttl N]`, the options in any order. */
const peerLine: LineType<PeerLine> = {
  expected: 'the address of a peer, then min_ttl and max_ttl with numbers from 0 to 255 if wanted',
  options: peerOptions,
  strict: true,
  read([word, ...options], report) {
    if (word === undefined) return [];
    const complain = (what: string, consequence: string): Complaints => ({
      refuse: (at, problem, suggestion) => {
        report.error(at, `${what}: ${problem}; ${consequence}`, suggestion ? { suggestion } : {});
        return undefined;
      },
      correct: () => {},
    });
    const address = ipAddress({ prefix: 'ignored' }).read([word], complain('unicast_peer', 'the line is ignored'));
    if (address === undefined) return [];
    let peer: PeerLine = { word, address, minTtl: 0, maxTtl: TTL_MAX };
    for (let i = 0; i < options.length; i += 2) {
      const option = options[i] as Word;
      const number = options[i + 1];
      const key = option.text === 'min_ttl' ? 'minTtl' : option.text === 'max_ttl' ? 'maxTtl' : undefined;
      if (key === undefined) {
        report.error(
          option,
          `unknown option '${option.text}' of the peer ${address}; the rest of the line is ignored`,
          {
            suggestion: 'options are min_ttl and max_ttl; write each peer on a line of its own',
          },
        );
        return [peer];
      }
      if (number === undefined) {
        report.error(option, `${option.text} of ${address} has no value; it is ignored`);
        return [peer];
      }
      const ttl = integer(0, TTL_MAX).read([number], complain(option.text, 'it is ignored'));
      if (ttl !== undefined) peer = { ...peer, [key]: ttl, checksTtl: true };
    }
    if (peer.minTtl > peer.maxTtl) {
      report.warning(word, `min_ttl of ${address} is more than its max_ttl: all of its advertisements are discarded`);
    }
    return [peer];
  },
};

/** Authentication Data has room for this much: RFC 2338 §5.3.6. */
const PASSWORD_BYTES_MAX = 8;

/** A password of at most 8 bytes. A character across the eighth byte stays whole here; on the wire its bytes are cut. */
function password(): ValueType<string> {
  const bytesOf = (given: string): number => new TextEncoder().encode(given).length;
  const type = oneWord('a password', (given, word, complaints) => {
    if (given === '') return undefined;
    const bytes = bytesOf(given);
    if (bytes <= PASSWORD_BYTES_MAX) return given;
    let kept = '';
    for (const character of given) {
      if (bytesOf(kept) >= PASSWORD_BYTES_MAX) break;
      kept += character;
    }
    complaints.correct(word, `a password has ${PASSWORD_BYTES_MAX} bytes and this one ${bytes}; '${kept}' is used`);
    return kept;
  });
  return { ...type, slashes: true };
}

const notifyKeywords = {
  notifyMaster: value('notify_master', script(), 'Command to run on becoming MASTER.', { once: true }),
  notifyBackup: value('notify_backup', script(), 'Command to run on becoming BACKUP.', { once: true }),
  notifyFault: value('notify_fault', script(), 'Command to run on entering FAULT.', { once: true }),
  notifyStop: value('notify_stop', script(), 'Command to run when the agent stops.', { once: true }),
  notifyScript: value('notify', script(), 'Command to run on every change of state.', { once: true }),
  notifyPriorityChanges: value('notify_priority_changes', boolean(), 'Tell changes of the priority too.'),
  smtpAlert: value('smtp_alert', boolean(), 'Send a mail on every change of state.'),
  notifyWebhook: value(
    'notify_webhook',
    webAddress(),
    'Gets what notify scripts get, as JSON with POST, instead of that of global_defs. Of holdfast alone.',
  ),
};

/** The words of authentication { }. */
export const authenticationKeywords = table({
  type: value(
    'auth_type',
    oneOf({ PASS: 'PASS', AH: 'AH' }),
    'How advertisements are authenticated: a password in clear text, or IPsec AH. Version 2 only.',
    { instead: 'as it stands there is no authentication, as in keepalived' },
  ),
  password: value('auth_pass', password(), 'The password; the first 8 bytes count.'),
});

/** The words of auth_hmac { }. */
export const hmacKeywords = table({
  keys: value('key', words('a number and a key', 2, 2), 'A key and its number, 1 to 255; may be repeated.'),
  activeKey: value('active_key', integer(1, 255), 'The key to send with.'),
  antiReplay: value('anti_replay', wordOf('time', 'monotonic'), 'How repeated packets are told.'),
  timeWindow: value('time_window', wholeSeconds(1, 300), 'How far clocks may differ.'),
  mode: value('mode', wordOf('enforce', 'permissive', 'receive-only'), 'What is required of others.'),
});

/** The words of vrrp_instance NAME { }. */
export const vrrpInstanceKeywords = table({
  state: value('state', wordOf('MASTER', 'BACKUP'), 'The state to start in; BACKUP, but MASTER with priority 255.', {
    otherwise: 'BACKUP',
    prefer: (earlier, now) => (earlier === 'MASTER' ? earlier : now),
  }),
  interface: required('interface', interfaceName(), 'The interface that advertisements are sent and heard on.', {
    fatal: true,
  }),
  vrid: required(
    'virtual_router_id',
    integer(1, 255),
    'Virtual Router Identifier (VRID), the same on all its routers.',
    {
      fatal: true,
    },
  ),
  priority: value('priority', integer(1, 255), 'The higher one is MASTER; 255 owns the addresses.', { otherwise: 100 }),
  advertisementInterval: optional(
    'advert_int',
    decimalSeconds(0.01, 255),
    seconds(1),
    'Advertisement_Interval. Version 2: whole seconds; version 3: hundredths of a second, at most 40.95.',
  ),
  version: value('version', protocolVersion, 'VRRP version; without it vrrp_version, or 3 for IPv6.'),
  virtualAddresses: list('virtual_ipaddress', addressLine(false), 'The virtual addresses, as advertised.'),
  excludedAddresses: list(
    'virtual_ipaddress_excluded',
    addressLine(false),
    'Virtual addresses that are not advertised.',
  ),
  noVirtualAddress: flag('no_virtual_ipaddress', 'Having no virtual address is meant so.', { since: '2.3' }),
  authentication: block('authentication', authenticationKeywords, 'Authentication of advertisements, version 2 only.'),
  sourceAddress: value('mcast_src_ip', ipAddress({ prefix: 'ignored' }), 'Source address of advertisements.', {
    aliases: ['unicast_src_ip'],
  }),
  unicastPeers: list('unicast_peer', peerLine, 'Routers to send advertisements to, instead of multicast.'),
  unicastTtl: value('unicast_ttl', integer(0, 255), 'TTL of unicast advertisements.'),
  unicastFaultNoPeer: flag('unicast_fault_no_peer', 'FAULT when unicast is meant but no peer is given.'),
  checkUnicastSource: flag('check_unicast_src', 'Discard unicast advertisements of others than the peers.'),
  multicastGroup: value('mcast_dst_ip', ipAddress({ prefix: 'ignored' }), 'Group that advertisements are sent to.'),
  trackSourceAddress: flag('track_src_ip', 'FAULT while the source address is missing.'),
  nopreempt: flag('nopreempt', 'A Backup does not take over from a living Master of lower priority.'),
  preempt: flag('preempt', 'Takes nopreempt back.'),
  preemptDelay: optional(
    'preempt_delay',
    decimalSeconds(0, 1000),
    ZERO,
    'Wait before taking over from a lower priority.',
  ),
  acceptMode: flag('accept', 'Accept packets to the virtual addresses; the default.'),
  noAccept: flag('no_accept', 'Drop packets to the virtual addresses.'),
  skipCheckAdvertisedAddresses: value(
    'skip_check_adv_addr',
    boolean(),
    'Do not compare the addresses of every advertisement of the same Master; never necessary here.',
  ),
  strictMode: value('strict_mode', boolean(), 'Hold to the RFC where keepalived is more tolerant.'),
  dontTrackPrimary: flag('dont_track_primary', 'Ignore faults of the own interface.'),
  garpMasterDelay: value(
    'garp_master_delay',
    wholeSeconds(0, 4294, { leading: true }),
    'Wait before the second round of gratuitous ARP.',
  ),
  garpMasterRepeat: value(
    'garp_master_repeat',
    integer(0, UINT32_MAX, { zeroBecomes: 1, leading: true }),
    'Gratuitous ARPs of each address in a round.',
  ),
  garpMasterRefresh: value(
    'garp_master_refresh',
    wholeSeconds(0, UINT32_MAX, { leading: true }),
    'Gratuitous ARP again, this often; 0 never.',
  ),
  garpMasterRefreshRepeat: value(
    'garp_master_refresh_repeat',
    integer(0, UINT32_MAX, { zeroBecomes: 1, leading: true }),
    'Gratuitous ARPs of each address in a refresh.',
  ),
  garpLowerPriorityDelay: value(
    'garp_lower_prio_delay',
    wholeSeconds(0, 4294, { leading: true }),
    'Wait before the second round of gratuitous ARP after an advertisement of lower priority.',
  ),
  garpLowerPriorityRepeat: value(
    'garp_lower_prio_repeat',
    integer(0, INT32_MAX, { leading: true }),
    'Gratuitous ARPs of each address after an advertisement of lower priority; 0 none.',
  ),
  garpExtraInterface: value('garp_extra_if', extraGarp, 'Gratuitous ARP elsewhere.', {
    missingIs: 5,
    aliases: [{ word: 'vmac_garp_intvl', message: 'vmac_garp_intvl is now called garp_extra_if' }],
  }),
  downTimerAdverts: value(
    'down_timer_adverts',
    integer(1, 100, { leading: true }),
    'Missed advertisements after which a Backup takes over.',
  ),
  lowerPriorityNoAdvert: value(
    'lower_prio_no_advert',
    boolean(),
    'Do not answer a lower priority with an advertisement.',
  ),
  higherPrioritySendAdvert: value(
    'higher_prio_send_advert',
    boolean(),
    'Send once more before yielding to a higher one.',
  ),
  useVmac: value('use_vmac', words('a name and a MAC address', 0), 'Use the virtual router MAC address.'),
  useVmacAddresses: flag('use_vmac_addr', 'A virtual MAC interface for addresses on other interfaces too.'),
  vmacTransmitBase: flag('vmac_xmit_base', 'Send advertisements from the interface below the virtual MAC.'),
  useIpvlan: value(
    'use_ipvlan',
    words('a name and an address', 0),
    'Send advertisements from an ipvlan interface of its own.',
    {
      once: true,
    },
  ),
  promoteSecondaries: flag('promote_secondaries', 'Keep secondary addresses when their primary goes.'),
  virtualRoutes: list('virtual_routes', routeLine(false), 'Routes that come and go with the addresses.'),
  virtualRules: list('virtual_rules', ruleLine(false), 'Routing rules that come and go with the addresses.'),
  oldUnicastChecksum: value(
    'old_unicast_checksum',
    orNothing(wordOf('never')),
    'Checksum of unicast as of old keepalived.',
  ),
  checksumAsVersion2: value('v3_checksum_as_v2', boolean(), 'Version 3 checksum without pseudo header.', {
    since: '2.3',
  }),
  ownerIgnoreAdverts: value('owner_ignore_adverts', boolean(), 'The owner of the addresses discards advertisements.', {
    since: '2.3',
  }),
  timerExpiredBackup: value('timer_expired_backup', orNothing(integer(1, 254)), 'Step down when scheduled too late.', {
    since: '2.3',
    aliases: ['thread_timer_expired'],
  }),
  hmac: block('auth_hmac', hmacKeywords, 'Authentication of advertisements with HMAC.', { ...LATER, since: '2.4' }),
  vrf: value('vrf', interfaceName(), 'VRF of an instance without interface.', LATER),
  linkbeatUsePolling: flag('linkbeat_use_polling', 'Looks at the link of its interface once a second, too.', {
    deprecated: 'linkbeat_use_polling of an instance is obsolete; write linkbeat_interfaces',
  }),
  kernelReceiveBuffer: value(
    'kernel_rx_buf_size',
    { ...integer(0, UINT32_MAX), strict: true },
    'Receive buffer in bytes; never less than 1 MiB.',
    {
      missingIs: 5,
    },
  ),
  debug: value('debug', integer(0, 4), 'Debug level; has no effect, as in keepalived.'),
  nativeIpv6: flag('native_ipv6', 'Obsolete: the family follows from the addresses.'),
  syncDaemonInterface: value(
    'lvs_sync_daemon_interface',
    text('an interface name'),
    'Obsolete: lvs_sync_daemon of global_defs has taken its place.',
    { deprecated: 'lvs_sync_daemon_interface is obsolete; write lvs_sync_daemon in global_defs' },
  ),
  ...trackKeywords,
  ...notifyKeywords,
  notifyDeleted: value('notify_deleted', orNothing(script()), 'Tell DELETED when a reload removes it.', { once: true }),
  notifyMasterLowerPriority: value('notify_master_rx_lower_pri', script(), 'Command after a lower priority.', {
    once: true,
  }),
});

/** The words of vrrp_sync_group NAME { }. */
export const vrrpSyncGroupKeywords = table({
  group: list('group', nameLine, 'The instances that change state together.', {
    whenEmpty: 'the group names no instance',
  }),
  ...trackKeywords,
  ...notifyKeywords,
  globalTracking: flag('global_tracking', 'Obsolete spelling of sync_group_tracking_weight.', {
    deprecated: 'global_tracking is obsolete; write the track_… blocks into the group, and sync_group_tracking_weight',
  }),
  trackingWeight: flag('sync_group_tracking_weight', 'Weights of tracked things count in the group.'),
});
