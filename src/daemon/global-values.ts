/** Kinds of value that only global_defs has, and a few of the top level. What keepalived 2.2.7 does with each is kept. */
import { familyOf, type IpAddress, isMulticast, parseAddress } from '../base/address.ts';
import { type Duration, inSeconds, seconds } from '../base/time.ts';
import type { Word } from '../config/lexer.ts';
import { readScript, type Script, script } from '../config/script.ts';
import { INT32_MAX, integer, oneWord, SILENT, UINT32_MAX, type ValueType, words } from '../config/values.ts';

/** Any one word, even an empty one. */
export const anyWord = (expected: string): ValueType<string> => ({
  ...oneWord(expected, (given) => given),
  slashes: true,
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
    return numbers.includes(undefined) ? [] : (numbers as number[]);
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
