/** lvs_timeouts and lvs_sync_daemon of global_defs. What keepalived 2.2.7 does with each is kept. */

import { type IpAddress, isMulticast, parseAddress } from '../base/address.ts';
import { type Duration, inSeconds, seconds } from '../base/time.ts';
import type { Writable } from '../base/writable.ts';
import type { Word } from '../config/lexer.ts';
import { type Complaints, GIVES_UP, integer, type ValueType } from '../config/values.ts';

/** Where IPVS timeouts are given: absent ones stay as they are in the kernel. */
export interface LvsTimeouts {
  readonly tcp?: Duration;
  readonly tcpfin?: Duration;
  readonly udp?: Duration;
}

const LVS_TIMEOUT_MAX = 31 * 86_400;

/** `[tcp S] [tcpfin S] [udp S]`. */
export const lvsTimeouts: ValueType<LvsTimeouts> = {
  expected: `tcp, tcpfin or udp, each with 0 to ${LVS_TIMEOUT_MAX} seconds`,
  minWords: 1,
  maxWords: Infinity,
  read(given, complaints) {
    const timeouts: Writable<LvsTimeouts> = {};
    for (let i = 0; i < given.length; i++) {
      const name = given[i] as Word;
      if (name.text !== 'tcp' && name.text !== 'tcpfin' && name.text !== 'udp') {
        complaints.correct(name, `unknown option '${name.text}'; it is ignored`);
        continue;
      }
      const number = given[++i];
      if (number === undefined) complaints.correct(name, `${name.text} has no value; it is ignored`);
      else {
        const value = integer(0, LVS_TIMEOUT_MAX).read([number], complaintsOf(name, complaints));
        if (value !== undefined) timeouts[name.text] = seconds(value);
      }
    }
    return timeouts;
  },
  show: (value) => writeOptions(value, inSeconds).join(' '),
  writeWords: (value) => writeOptions(value, inSeconds),
};

/** Refused options are ignored, one by one. */
const complaintsOf = (option: Word, complaints: Complaints): Complaints => ({
  refuse: (at, problem) => void complaints.correct(at, `${option.text}: ${problem}; it is ignored`),
  correct: (at, message, details) => complaints.correct(at, `${option.text}: ${message}`, details),
});

const writeOptions = <T>(options: Readonly<Record<string, T>> | object, show: (value: T) => unknown): string[] =>
  Object.entries(options as Readonly<Record<string, T>>).flatMap(([name, value]) => [name, String(show(value))]);

/** Sharing the connections of IPVS with another director. What is absent is as the kernel has it. */
export interface LvsSyncDaemon {
  readonly interface: string;
  /** The vrrp_instance whose state decides between master and backup; absent: both at once. */
  readonly inst?: string;
  /** 0-255; absent: the VRID of the instance, or else 0. */
  readonly id?: number;
  /** 1-65507 bytes */
  readonly maxlen?: number;
  /** 1-65535 */
  readonly port?: number;
  /** 1-255 */
  readonly ttl?: number;
  readonly group?: IpAddress;
}

const SYNC_ID_MAX = 255;
const SYNC_NUMBERS = { id: [0, SYNC_ID_MAX], maxlen: [1, 65_507], port: [1, 65_535], ttl: [1, 255] } as const;
const INTERFACE_NAME_MAX = 15;

/** `INTERFACE [[inst] INSTANCE] [[id] N] [maxlen N] [port N] [ttl N] [group ADDRESS]`. */
export const lvsSyncDaemon: ValueType<LvsSyncDaemon> = {
  expected: 'an interface, then inst, id, maxlen, port, ttl and group with their values if wanted',
  minWords: 1,
  maxWords: Infinity,
  read([name, ...given], complaints) {
    if (name === undefined) return undefined;
    if (new TextEncoder().encode(name.text).length > INTERFACE_NAME_MAX) {
      return complaints.refuse(name, `an interface name has at most ${INTERFACE_NAME_MAX} bytes, got '${name.text}'`);
    }
    const daemon: Writable<LvsSyncDaemon> = { interface: name.text };
    const rest = [...given];
    // The old form has the instance and the number by their places.
    if (rest[0] !== undefined && !isSyncOption(rest[0])) {
      daemon.inst = (rest.shift() as Word).text;
      if (rest[0] !== undefined && !isSyncOption(rest[0])) {
        const number = rest.shift() as Word;
        const id = integer(0, SYNC_ID_MAX).read([number], complaintsOf(number, complaints));
        if (id !== undefined) {
          daemon.id = id;
          complaints.correct(number, `write id before the number ${id}`);
        }
      }
    }
    while (rest.length > 0) readSyncOption(rest, daemon, complaints);
    return daemon;
  },
  show: ({ interface: name, ...options }) => [name, ...writeOptions(options, String)].join(' '),
  writeWords: ({ interface: name, ...options }) => [name, ...writeOptions(options, String)],
};

const isSyncOption = ({ text }: Word): boolean => text === 'inst' || text === 'group' || text in SYNC_NUMBERS;

/** Takes an option and its value from the front of the words. */
function readSyncOption(rest: Word[], daemon: Writable<LvsSyncDaemon>, complaints: Complaints): void {
  const option = rest.shift() as Word;
  if (!isSyncOption(option)) {
    complaints.correct(option, `unknown option '${option.text}'; it is ignored`);
    return;
  }
  const value = rest.shift();
  if (value === undefined && option.text === 'inst') {
    complaints.refuse(option, 'inst has no value', undefined, GIVES_UP);
  } else if (value === undefined) complaints.correct(option, `${option.text} has no value; it is ignored`);
  else if (option.text === 'inst') {
    if (daemon.inst === undefined) daemon.inst = value.text;
    else complaints.correct(value, `the instance is ${daemon.inst} already; '${value.text}' is ignored`);
  } else if (option.text === 'group') {
    const address = parseAddress(value.text);
    if (address !== undefined && isMulticast(address)) daemon.group = address;
    else complaints.correct(value, `group: expected a multicast address, got '${value.text}'; it is ignored`);
  } else {
    const name = option.text as keyof typeof SYNC_NUMBERS;
    const [min, max] = SYNC_NUMBERS[name];
    const number = integer(min, max).read([value], complaintsOf(option, complaints));
    if (number !== undefined) daemon[name] = number;
  }
}
