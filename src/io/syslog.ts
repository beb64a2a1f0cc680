/**
 * Lines to the local syslog daemon: RFC 3164 as syslog(3) writes it to /dev/log. Never waits and never fails: what the
 * daemon cannot take is dropped and counted.
 */
import { AF_UNIX, SOCK_DGRAM } from './constants.ts';
import { type NativeSocket, native } from './native.ts';
import { isSystemCallError } from './system-error.ts';

/** Facilities by their names in syslog.conf(5). RFC 3164 §4.1.1. */
const FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  cron: 9,
  authpriv: 10,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

type SyslogFacility = keyof typeof FACILITIES;

const isFacility = (name: string): name is SyslogFacility => Object.hasOwn(FACILITIES, name);

export interface SyslogOptions {
  /** The program's name, as the lines shall show it. */
  readonly ident: string;
  /** A name, or 0-7 for local0-local7 as keepalived(8) has it in `--log-facility`; anything else counts as daemon. */
  readonly facility: string | number;
  /** The daemon's socket; /dev/log where nothing is said. */
  readonly path?: string;
}

/** Longer lines are cut: what rsyslog takes without being told (its default maxMessageSize). */
const MAX_LINE_BYTES = 8_192;

export interface Syslog {
  /** Lines that the daemon did not take: it does not run, or its queue is full. */
  readonly dropped: number;
  /** @param severity 0 (emergency) to 7 (debug), RFC 3164 §4.1.1 */
  write(severity: number, message: string): void;
  /** Idempotent; what is written afterwards is dropped. */
  close(): void;
}

/** Throws only when no socket can be had at all. */
export function openSyslog(options: SyslogOptions): Syslog {
  const socket: NativeSocket = new (native().Socket)(AF_UNIX, SOCK_DGRAM, 0);
  // the address goes with each line, so a daemon that was started anew is found without noticing it
  const to = { family: 'unix', path: options.path ?? '/dev/log' } as const;
  const tag = `${options.ident}[${process.pid}]`;
  const facility = facilityNumber(options.facility);
  let dropped = 0;
  return {
    get dropped() {
      return dropped;
    },
    write(severity, message) {
      try {
        socket.send(formatSyslog({ facility, severity, at: new Date(), tag, message }), to);
      } catch (error) {
        if (!isSystemCallError(error)) throw error;
        dropped += 1;
      }
    },
    close: () => socket.close(),
  };
}

function facilityNumber(facility: string | number): number {
  const name = /^[0-7]$/.test(String(facility)) ? `local${facility}` : String(facility);
  return FACILITIES[isFacility(name) ? name : 'daemon'];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * One line: `<PRI>Mmm dd hh:mm:ss tag: message`, local time, day padded with a blank (RFC 3164 §4.1.2), without a host
 * name, as the daemon expects it from its own host. Control characters become blanks.
 */
export function formatSyslog(line: {
  readonly facility: number;
  readonly severity: number;
  readonly at: Date;
  readonly tag: string;
  readonly message: string;
}): Uint8Array {
  const { at } = line;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
  const date = `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2, ' ')} ${clock}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not reach the log
  const message = line.message.replace(/[\u0000-\u001f\u007f]+/g, ' ').trimEnd();
  const bytes = Buffer.from(`<${line.facility * 8 + line.severity}>${date} ${line.tag}: ${message}`);
  return bytes.subarray(0, cutAt(bytes, MAX_LINE_BYTES));
}

/** At most `max`, and not within a character of UTF-8. */
function cutAt(bytes: Uint8Array, max: number): number {
  if (bytes.length <= max) return bytes.length;
  let end = max;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
