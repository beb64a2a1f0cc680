/** Kinds of value that only global_defs has, and a few of the top level. What keepalived 2.2.7 does with each is kept. */
import { familyOf, type IpAddress, isMulticast, parseAddress } from '../base/address.ts';
import { type Duration, inSeconds, seconds } from '../base/time.ts';
import type { Word } from '../config/lexer.ts';
import { readScript, type Script, script } from '../config/script.ts';
import {
  type Complaints,
  GIVES_UP,
  INT32_MAX,
  integer,
  oneWord,
  port,
  SILENT,
  UINT32_MAX,
  type ValueType,
  words,
} from '../config/values.ts';

/** Any one word, even an empty one. */
export const anyWord = (expected: string): ValueType<string> => ({
  ...oneWord(expected, (given) => given),
  slashes: true,
  writeWords: (value) => [value],
});

/** One word; with more the line is refused. */
export const onlyWord = (expected: string): ValueType<string> => ({
  ...words(expected, 1, Infinity),
  read: ([first, second], complaints) =>
    second === undefined ? first?.text : complaints.refuse(second, `expected ${expected} alone, got '${second.text}'`),
  show: (value) => value,
  writeWords: (value) => [value],
});

/** Without value, or with one that must be a word of these. @param allowed what the word may be */
export const optionalWord = <const W extends string>(allowed: W): ValueType<W | true> => ({
  ...oneWord<W | true>(allowed, (given) => (given === allowed ? allowed : undefined)),
  minWords: 0,
  read: ([word], complaints) => {
    if (word === undefined || word.text === allowed) return word === undefined ? true : allowed;
    if (/^(off|false|no)$/.test(word.text)) {
      return complaints.refuse(
        word,
        `expected ${allowed} or nothing, got '${word.text}', which keepalived takes for on`,
      );
    }
    complaints.correct(word, `expected ${allowed} or nothing, got '${word.text}'; it is ignored`);
    return true;
  },
  show: (value) => (value === true ? 'without value' : value),
  write: (value) => (value === true ? '' : value),
});

/** A keyword that keepalived 2.2.7 takes for on whatever stands behind it. `off` is what it says here. */
export const flagOrBoolean: ValueType<boolean> = {
  expected: 'nothing, on, true, yes, off, false or no',
  minWords: 0,
  maxWords: 1,
  slashes: true,
  read([word], complaints) {
    if (word === undefined || /^(on|true|yes)$/.test(word.text)) return true;
    if (/^(off|false|no)$/.test(word.text)) {
      complaints.correct(word, `keepalived 2.2.7 takes '${word.text}' for on; it is off here`, SILENT);
      return false;
    }
    complaints.correct(word, `'${word.text}' is neither on nor off; it is read as on`, SILENT);
    return true;
  },
  show: (value) => (value ? 'on' : 'off'),
  facts: { kind: 'boolean' },
};

/** TASK_COMM_LEN without its NUL, linux/sched.h. */
const PROCESS_NAME_MAX = 15;

/** What ps(1) shows. */
export const processName: ValueType<string> = oneWord(
  `a name of at most ${PROCESS_NAME_MAX} bytes`,
  (given, word, complaints) => {
    const bytes = new TextEncoder().encode(given);
    if (bytes.length <= PROCESS_NAME_MAX) return given;
    const kept = new TextDecoder().decode(bytes.subarray(0, PROCESS_NAME_MAX)).replace(/\ufffd$/, '');
    complaints.correct(word, `a process name has ${PROCESS_NAME_MAX} bytes; '${kept}' is used`);
    return kept;
  },
);

/** NFT_TABLE_MAXNAMELEN without its NUL, linux/netfilter/nf_tables.h. */
const TABLE_NAME_MAX = 255;

/** The name of an nftables table; without one `fallback`. */
export function tableName(fallback: string): ValueType<string> {
  const type = oneWord(`the name of a table of at most ${TABLE_NAME_MAX} bytes`, (given) =>
    new TextEncoder().encode(given).length <= TABLE_NAME_MAX ? given : undefined,
  );
  const read: typeof type.read = (given, complaints) => (given.length === 0 ? fallback : type.read(given, complaints));
  return { ...type, minWords: 0, slashes: true, read };
}

const UMASK_BITS: Readonly<Record<string, number>> = Object.fromEntries(
  ['IRUSR', 'IWUSR', 'IXUSR', 'IRGRP', 'IWGRP', 'IXGRP', 'IROTH', 'IWOTH', 'IXOTH'].map((bit, i) => [bit, 0o400 >> i]),
);
const UMASK_MAX = 0o777;

/** A mask as a number (decimal, octal with 0, hexadecimal with 0x) or as names of bits with `|` between them. */
export const umask: ValueType<number> = {
  ...words('a number up to 0777, or bits like IWGRP | IWOTH'),
  read(given, complaints) {
    const [first, second] = given;
    if (first === undefined) return undefined;
    if (/^[0-9]/.test(first.text)) {
      const isNumber = /^(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.test(first.text);
      const value = /^0[0-7]+$/.test(first.text) ? Number.parseInt(first.text, 8) : Number(first.text);
      if (!isNumber || value > UMASK_MAX) {
        return complaints.refuse(first, `expected a number from 0 to 0777 (511), got '${first.text}'`);
      }
      return second === undefined ? value : complaints.refuse(second, `unexpected '${second.text}' after the number`);
    }
    const written = given.map(({ text }) => text).join(' ');
    const names = written.split('|').map((name) => name.trim());
    const quoted = given.find(({ text }) => /\s/.test(text));
    const wrong = quoted?.text ?? names.find((name) => !Object.hasOwn(UMASK_BITS, name));
    if (wrong === undefined) return names.reduce((mask, name) => mask | (UMASK_BITS[name] ?? 0), 0);
    const at = given.find(({ text }) => wrong !== '' && text.includes(wrong.split(' ')[0] ?? '')) ?? given.at(-1);
    const problem = wrong === '' ? 'a bit is missing beside |' : `unknown bits '${wrong}'`;
    return complaints.refuse(
      at ?? first,
      problem,
      `bits are ${Object.keys(UMASK_BITS).join(', ')}, with | between them`,
    );
  },
  show: (value) => `0${value.toString(8)}`,
};

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
    const timeouts: { -readonly [K in keyof LvsTimeouts]: LvsTimeouts[K] } = {};
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
    const daemon: { -readonly [K in keyof LvsSyncDaemon]: LvsSyncDaemon[K] } = { interface: name.text };
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
function readSyncOption(
  rest: Word[],
  daemon: { -readonly [K in keyof LvsSyncDaemon]: LvsSyncDaemon[K] },
  complaints: Complaints,
): void {
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

/** Gratuitous ARP on interfaces that send no advertisements. */
export interface ExtraGarp {
  /** Not only those of virtual MAC interfaces. */
  readonly all: boolean;
  /** 1 s to a day */
  readonly interval: Duration;
}

const DAY_SECONDS = 86_400;

/** `[all] SECONDS`, in any order; the last number counts. */
export const extraGarp: ValueType<ExtraGarp> = {
  expected: `all if wanted, and whole seconds from 1 to ${DAY_SECONDS}`,
  minWords: 1,
  maxWords: Infinity,
  read(given, complaints) {
    let interval: number | undefined;
    for (const word of given) {
      if (word.text === 'all') continue;
      interval = integer(1, DAY_SECONDS, { leading: true }).read([word], complaints);
      if (interval === undefined) return undefined;
    }
    const all = given.some(({ text }) => text === 'all');
    if (interval !== undefined) return { all, interval: seconds(interval) };
    return complaints.refuse(given.at(-1) as Word, 'there is no number of seconds');
  },
  show: ({ all, interval }) => `${all ? 'all ' : ''}${inSeconds(interval)}`,
};

/** What the receive buffers of VRRP are made for: packets as large as the link takes, as our own, or so many bytes. */
export type ReceiveBufferPolicy = 'MTU' | 'ADVERT' | number;

export const receiveBufferPolicy: ValueType<ReceiveBufferPolicy> = {
  ...words('MTU, ADVERT or a number of bytes'),
  read(given, complaints) {
    const [first, second] = given;
    if (first === undefined) return undefined;
    const policyOf = (word: Word) => (['MTU', 'ADVERT'] as const).find((one) => one === word.text.toUpperCase());
    const policy = policyOf(first);
    // After a number keepalived looks for another policy only; after a policy for anything.
    if (policy === undefined) {
      const bytes = integer(0, UINT32_MAX).read([first], complaints);
      if (bytes !== undefined && second !== undefined && policyOf(second) !== undefined) {
        complaints.correct(second, `the size is ${bytes} already; ${second.text} is ignored`);
      }
      return bytes;
    }
    if (second !== undefined && policyOf(second) !== policy) {
      complaints.correct(second, `the policy is ${policy} already; '${second.text}' is ignored`);
    }
    return policy;
  },
  show: String,
};

/** Numbers of processors, from 0. How many the host has is asked elsewhere. */
export const processors: ValueType<number[]> = {
  ...words('numbers of processors'),
  read(given, complaints) {
    const numbers = given.map((word) => integer(0, INT32_MAX).read([word], complaints));
    return numbers.includes(undefined) ? undefined : (numbers as number[]);
  },
  show: (value) => value.join(' '),
};

/** A named pipe that others read, and whose it is. */
export interface NotifyFifo {
  readonly path: string;
  /** Absent: script_user. */
  readonly user?: string;
  readonly group?: string;
}

/** `PATH [USER [GROUP]]`. */
export const notifyFifo: ValueType<NotifyFifo> = {
  ...words('a path, then a user and a group if wanted', 1, 3),
  read([path, user, group]) {
    if (path === undefined) return undefined;
    return {
      path: path.text,
      ...(user === undefined ? {} : { user: user.text }),
      ...(group === undefined ? {} : { group: group.text }),
    };
  },
  show: (value) => fifoWords(value).join(' '),
  writeWords: (value) => fifoWords(value),
};

const fifoWords = ({ path, user, group }: NotifyFifo): string[] =>
  [path, user, group].filter((word) => word !== undefined);

/** A script that the agent runs by itself: an empty one is an error. */
export const ownScript: ValueType<Script> = {
  ...script(),
  read: (given, complaints) =>
    readScript(given) ?? complaints.refuse(given[0] as Word, 'expected a command, got an empty word'),
};

/** The group of advertisements; something behind a `/` is passed over, as keepalived does. */
export const advertisementGroup = (family: 'inet' | 'inet6'): ValueType<IpAddress> => {
  const expected = `an ${family === 'inet' ? 'IPv4' : 'IPv6'} multicast address`;
  return oneWord(expected, (given, word, complaints) => {
    const [text = '', prefix] = given.split('/', 2);
    const address = parseAddress(text);
    if (address === undefined || familyOf(address) !== family || !isMulticast(address)) return undefined;
    if (prefix !== undefined) complaints.correct(word, `the prefix length of ${given} is not read`, SILENT);
    if (family === 'inet6' && !/^ff[0-9a-f]2:/i.test(address)) {
      complaints.correct(word, `${address} should be a link-local group, as ff02::12`);
    }
    return address;
  });
};

/** The mail server. A name is looked up when mail is sent. */
export interface MailServer {
  readonly host: string;
  /** 1-65535 */
  readonly port: number;
}

const SMTP_PORT = 25;

/** `HOST [PORT]`. */
export const mailServer: ValueType<MailServer> = {
  ...words('an address or the name of a host, and a port if wanted', 1, 2),
  read([host, portWord], complaints) {
    if (host === undefined) return undefined;
    const number = portWord === undefined ? SMTP_PORT : port().read([portWord], complaints);
    if (number === undefined) return undefined;
    const known = hostOf(host.text);
    if (known !== undefined) return { host: known, port: number };
    return complaints.refuse(host, `expected an address or the name of a host, got '${host.text}'`);
  },
  show: ({ host, port: number }) => (number === SMTP_PORT ? host : `${host} ${number}`),
};

/** RFC 1035 §2.3.4, as text. */
const NAME_MAX = 253;

/** An address in its usual form, or a name that could be one of a host. */
function hostOf(text: string): string | undefined {
  const [address = '', zone] = text.split('%', 2);
  const parsed = parseAddress(address);
  if (parsed !== undefined)
    return zone === undefined || /^fe80:/.test(parsed) ? text.replace(address, parsed) : undefined;
  const numbers = text.split('.').map(numberOf);
  if (!numbers.includes(undefined)) return addressOfNumbers(numbers as number[]);
  const labels = text.replace(/\.$/, '').split('.');
  const isName = labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(label)) && text.length <= NAME_MAX;
  return isName && !/^[0-9]*$/.test(labels.at(-1) ?? '') ? text : undefined;
}

/** A part of an address as inet_aton(3) reads it. */
const numberOf = (text: string): number | undefined => {
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^(0x[0-9a-f]+|[1-9][0-9]*)$/i.test(text) ? Number(text) : undefined;
};

/** inet_aton(3): the last of one to four numbers fills the bytes that the others leave. */
function addressOfNumbers(numbers: readonly number[]): string | undefined {
  const last = numbers.at(-1) ?? 0;
  const bytes = 5 - numbers.length;
  if (numbers.length > 4 || last >= 2 ** (8 * bytes) || numbers.slice(0, -1).some((one) => one > 255)) return undefined;
  const rest = Array.from({ length: bytes }, (_, i) => Math.floor(last / 2 ** (8 * (bytes - 1 - i))) % 256);
  return [...numbers.slice(0, -1), ...rest].join('.');
}
