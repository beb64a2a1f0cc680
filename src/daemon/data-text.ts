/** How keepalived.data is laid out: sections, lines with a value, lists. */
import type { Script } from '../config/script.ts';
import type { Account } from '../io/accounts.ts';

/** Lines of a dump; what is false is not there. */
export type Lines = readonly (string | false)[];

/** What a dump asks of the host. */
export interface DumpHost {
  /** Who runs a script; undefined: there is no such account, and keepalived shows nothing of it. */
  accountOf(script: Pick<Script, 'user' | 'group'>): Account | undefined;
  /** The command as it is run: with the file that its program is in the end. */
  commandText(script: Script): string;
  /** The address of a host; undefined: nobody knows it, and keepalived shows nothing of it. */
  addressOf(host: string): string | undefined;
  hasInterface(name: string): boolean;
  /** A file by the folder that it is in the end in. */
  pathText(path: string): string;
  /** The full name of this host; undefined: nobody knows its address. */
  ownName(): string | undefined;
  /** Whose process it is. */
  userName(): string;
}

/** Lines that stand inside of something. */
const INDENT = '   ';

/** `   Priority = 100` */
export const entry = (name: string, value: string | number | boolean, indent = INDENT): string =>
  `${indent}${name} = ${value}`;

/** The same, where there is a value. */
export const entryIf = (name: string, value: string | number | undefined, indent = INDENT): string | false =>
  value !== undefined && entry(name, value, indent);

/** A list with its head; nothing when it is empty. */
export const listed = (head: string, lines: readonly string[], indent = INDENT): Lines =>
  lines.length === 0 ? [] : [`${indent}${head}`, ...lines.map((line) => `${indent}  ${line}`)];

/** A section; nothing when it is empty. */
export function section(title: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : [heading(title), ...lines];
}

export const heading = (title: string, indent = ''): string => `${indent}------< ${title} >------`;

export const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
export const enabled = (value: boolean): string => (value ? 'enabled' : 'disabled');

/** `'/root/a.sh' 'm', uid:gid 0:0`; nothing for a script that cannot be run. */
export function scriptLine(name: string, script: Script | undefined, host: DumpHost, indent = INDENT): string | false {
  const account = script && host.accountOf(script);
  return (
    script !== undefined &&
    account !== undefined &&
    entry(name, `${host.commandText(script)}, uid:gid ${account.uid}:${account.gid}`, indent)
  );
}

/** Seconds with six decimals. */
export const decimal = (value: number): string => value.toFixed(6);

const SIGNIFICANT_DIGITS = 6;
const LEAST_FIXED = 0.0001;

/** Six significant digits, as %g of printf(3) has them. */
export function shortDecimal(value: number): string {
  const rounded = Number(value.toPrecision(SIGNIFICANT_DIGITS));
  if (rounded === 0 || rounded >= LEAST_FIXED) return String(rounded);
  return rounded.toExponential().replace(/e-(\d)$/, 'e-0$1');
}
