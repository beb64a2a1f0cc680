/** smtp_server of global_defs: an address as inet_aton(3) takes it, or a name. */
import { parseAddress } from '../base/address.ts';
import { port, type ValueType, words } from '../config/values.ts';

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
