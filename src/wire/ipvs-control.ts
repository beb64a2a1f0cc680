/**
 * The rest of IPVS: version, connection timeouts, sync daemon, and removing everything. linux/ip_vs.h, ipvsadm(8).
 */

import { familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Duration, seconds } from '../base/time.ts';
import { decodeGeneric, encodeGeneric } from './generic-netlink.ts';
import { IPVS_CMD, IPVS_VERSION, type IpvsFault } from './ipvs.ts';
import { type AttributeTable, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** IPVS_INFO_ATTR_* */
const infoAttributes = attributeTable({
  version: [1, 'IPVS_INFO_ATTR_VERSION', 'u32'],
  connectionTableSize: [2, 'IPVS_INFO_ATTR_CONN_TAB_SIZE', 'u32'],
});

/** The answer to IPVS_CMD_GET_INFO. */
export interface IpvsInfo {
  /** e.g. `1.2.1`. */
  readonly version: string;
  /** Slots of the connection hash table. */
  readonly connectionTableSize: number;
}

/** The body of IPVS_CMD_GET_INFO. */
export const encodeInfoRequest = (): Uint8Array => encodeControl('get-info', new Uint8Array(0));

/** The body of the answer to it. */
export function encodeInfo(info: IpvsInfo): Uint8Array {
  const parts = info.version.split('.').map(Number);
  assert(parts.length === 3 && parts.every((part) => part >= 0 && part <= 255), `no version: ${info.version}`);
  const version = parts.reduce((number, part) => number * 256 + part, 0);
  const { connectionTableSize } = info;
  return encodeControl('set-info', encodeAttributes(infoAttributes, { version, connectionTableSize }));
}

/** Reads the answer to it. */
export function decodeInfo(body: Uint8Array): Result<IpvsInfo, IpvsFault> {
  const outcome = decodeControl('set-info', infoAttributes, body);
  if (!outcome.ok) return outcome;
  const { version, connectionTableSize } = outcome.value;
  if (version === undefined || connectionTableSize === undefined) return fault('missing-attribute');
  if (version > 0xff_ffff) return fault('attribute-value');
  return ok({ version: [version >> 16, (version >> 8) & 0xff, version & 0xff].join('.'), connectionTableSize });
}

/** IPVS_CMD_ATTR_TIMEOUT_* */
const timeoutAttributes = attributeTable({
  tcp: [4, 'IPVS_CMD_ATTR_TIMEOUT_TCP', 'u32'],
  tcpFin: [5, 'IPVS_CMD_ATTR_TIMEOUT_TCP_FIN', 'u32'],
  udp: [6, 'IPVS_CMD_ATTR_TIMEOUT_UDP', 'u32'],
});

/** How long an idle connection is kept: keepalived.conf(5) "lvs_timeouts". Whole seconds; 0 in a request: unchanged. */
export interface IpvsTimeouts {
  readonly tcp: Duration;
  /** After the FIN. */
  readonly tcpFin: Duration;
  readonly udp: Duration;
}

/** The body of IPVS_CMD_GET_CONFIG. */
export const encodeTimeoutsRequest = (): Uint8Array => encodeControl('get-config', new Uint8Array(0));

/** The body of IPVS_CMD_SET_CONFIG, which is also the answer to IPVS_CMD_GET_CONFIG. */
export function encodeTimeouts({ tcp, tcpFin, udp }: IpvsTimeouts): Uint8Array {
  const values = { tcp: tcp / seconds(1), tcpFin: tcpFin / seconds(1), udp: udp / seconds(1) };
  return encodeControl('set-config', encodeAttributes(timeoutAttributes, values));
}

/** Reads IPVS_CMD_SET_CONFIG. */
export function decodeTimeouts(body: Uint8Array): Result<IpvsTimeouts, IpvsFault> {
  const outcome = decodeControl('set-config', timeoutAttributes, body);
  if (!outcome.ok) return outcome;
  const { tcp, tcpFin, udp } = outcome.value;
  if (tcp === undefined || tcpFin === undefined || udp === undefined) return fault('missing-attribute');
  return ok({ tcp: seconds(tcp), tcpFin: seconds(tcpFin), udp: seconds(udp) });
}

/** IPVS_CMD_ATTR_DAEMON, and IPVS_DAEMON_ATTR_* inside. */
const daemonCommandAttributes = attributeTable({ daemon: [3, 'IPVS_CMD_ATTR_DAEMON', 'nested'] });
const daemonAttributes = attributeTable({
  state: [1, 'IPVS_DAEMON_ATTR_STATE', 'u32'],
  interface: [2, 'IPVS_DAEMON_ATTR_MCAST_IFN', 'string'],
  syncId: [3, 'IPVS_DAEMON_ATTR_SYNC_ID', 'u32'],
  maxLength: [4, 'IPVS_DAEMON_ATTR_SYNC_MAXLEN', 'u16'],
  group4: [5, 'IPVS_DAEMON_ATTR_MCAST_GROUP', 'address'],
  group6: [6, 'IPVS_DAEMON_ATTR_MCAST_GROUP6', 'address'],
  port: [7, 'IPVS_DAEMON_ATTR_MCAST_PORT', 'u16'],
  ttl: [8, 'IPVS_DAEMON_ATTR_MCAST_TTL', 'u8'],
});

/** IP_VS_STATE_MASTER and IP_VS_STATE_BACKUP. */
const DAEMON_STATES = [undefined, 'master', 'backup'] as const;

/** A change of the kernel's connection synchronisation: keepalived.conf(5) "lvs_sync_daemon". */
export interface DaemonCommand {
  readonly command: 'new-daemon' | 'delete-daemon';
  /** A master sends, a backup receives; each is started and stopped for itself. */
  readonly state: 'master' | 'backup';
  /** Name of the interface; not needed to stop. */
  readonly interface?: string;
  /** 0-255. */
  readonly syncId: number;
  /** Bytes of a datagram, 1-65507; absent, here and below: as the kernel has it. */
  readonly maxLength?: number;
  /** A multicast address. */
  readonly group?: IpAddress;
  /** 1-65535 */
  readonly port?: number;
  /** 1-255 */
  readonly ttl?: number;
}

/** The body of IPVS_CMD_NEW_DAEMON or IPVS_CMD_DEL_DAEMON. */
export function encodeDaemonCommand({ command, state, group, ...rest }: DaemonCommand): Uint8Array {
  const daemon = encodeAttributes(daemonAttributes, {
    state: DAEMON_STATES.indexOf(state),
    ...rest,
    ...(group === undefined ? {} : { [familyOf(group) === 'inet' ? 'group4' : 'group6']: group }),
  });
  return encodeControl(command, encodeAttributes(daemonCommandAttributes, { daemon }));
}

/** Reads IPVS_CMD_NEW_DAEMON or IPVS_CMD_DEL_DAEMON. */
export function decodeDaemonCommand(body: Uint8Array): Result<DaemonCommand, IpvsFault> {
  const message = decodeGeneric(body);
  if (!message.ok) return message;
  const command = message.value.command === IPVS_CMD['new-daemon'] ? 'new-daemon' : 'delete-daemon';
  const outcome = decodeControl(command, daemonCommandAttributes, body);
  if (!outcome.ok) return outcome;
  const inner = decodeAttributes(daemonAttributes, outcome.value.daemon ?? new Uint8Array(0));
  if (!inner.ok) return inner;
  const { state: number, syncId, group4, group6, ...rest } = inner.value;
  if (number === undefined || syncId === undefined) return fault('missing-attribute');
  const state = DAEMON_STATES[number];
  const group = group4 ?? group6;
  const isOdd = group !== undefined && familyOf(group) !== (group4 === undefined ? 'inet6' : 'inet');
  if (state === undefined || isOdd) return fault('attribute-value');
  return ok({ command, state, syncId, ...rest, ...(group === undefined ? {} : { group }) });
}

/** The body of IPVS_CMD_FLUSH: every service goes, of whomever it is. keepalived.conf(5) "lvs_flush". */
export const encodeFlush = (): Uint8Array => encodeControl('flush', new Uint8Array(0));

const encodeControl = (command: keyof typeof IPVS_CMD, attributes: Uint8Array): Uint8Array =>
  encodeGeneric({ command: IPVS_CMD[command], version: IPVS_VERSION, attributes });

function decodeControl<Entries extends Parameters<typeof attributeTable>[0]>(
  command: keyof typeof IPVS_CMD,
  table: AttributeTable<Entries>,
  body: Uint8Array,
) {
  const message = decodeGeneric(body);
  if (!message.ok) return message;
  if (message.value.command !== IPVS_CMD[command]) return fault('command');
  return decodeAttributes(table, message.value.attributes);
}
