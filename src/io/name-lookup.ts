/**
 * Whether the name of a host could lead to an address, without asking anybody: nothing is sent. It may stand in
 * /etc/hosts; otherwise one of the name servers of /etc/resolv.conf has to be within reach. resolv.conf(5), hosts(5).
 */
import { readFileSync } from 'node:fs';
import { addressBytes, familyOf, type IpAddress, parseAddress } from '../base/address.ts';

/** Gives a file; undefined when it cannot be read. */
type TextOf = (path: string) => string | undefined;

const DNS_PORT = 53;
/** Who is asked when resolv.conf names nobody. */
const DEFAULT_SERVER = '127.0.0.1';

const textOf: TextOf = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const wordsOf = (text: string | undefined): string[][] =>
  (text ?? '').split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  );

/** False: it cannot, as things are. True: it might. */
export function mayResolve(name: string, read: TextOf = textOf): boolean {
  const wanted = name.toLowerCase();
  if (wordsOf(read('/etc/hosts')).some(([, ...names]) => names.some((one) => one.toLowerCase() === wanted)))
    return true;
  const named = wordsOf(read('/etc/resolv.conf')).flatMap(([word, server = '']) =>
    word === 'nameserver' ? [server.split('%')[0] ?? ''] : [],
  );
  return (named.length === 0 ? [DEFAULT_SERVER] : named).some((server) => isWithinReach(server, read));
}

function isWithinReach(server: string, read: TextOf): boolean {
  const address = parseAddress(server);
  if (address === undefined) return false;
  if (address === '::1' || address.startsWith('127.')) return hasServerHere(read);
  return familyOf(address) === 'inet' ? isRouted(address, read) : isRouted6(address, read);
}

/** Whether somebody listens for questions on this host: the second column of /proc/net/udp is ADDRESS:PORT in hexadecimal. */
const hasServerHere = (read: TextOf): boolean => {
  const port = `:${DNS_PORT.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/udp', '/proc/net/udp6'].some((path) =>
    wordsOf(read(path)).some(([, local]) => local?.endsWith(port)),
  );
};

/** /proc/net/route: destination and mask are the bytes of the address in the order of the host, as one number. */
function isRouted(address: IpAddress, read: TextOf): boolean {
  const number = new DataView(Uint8Array.from(addressBytes(address)).buffer).getUint32(0, true);
  return wordsOf(read('/proc/net/route'))
    .slice(1)
    .some(([, destination = '', , , , , , mask = '']) => {
      const masked = Number.parseInt(mask, 16) & number;
      return masked >>> 0 === Number.parseInt(destination, 16);
    });
}

/** /proc/net/ipv6_route: 32 digits, the length of the prefix, …, the interface. That of lo leads nowhere. */
function isRouted6(address: IpAddress, read: TextOf): boolean {
  const bits = Array.from(addressBytes(address), (byte) => byte.toString(2).padStart(8, '0')).join('');
  return wordsOf(read('/proc/net/ipv6_route')).some(([destination = '', length = '', ...rest]) => {
    if (destination.length !== 32 || rest.at(-1) === 'lo') return false;
    const prefix = Array.from(destination, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
    const shared = Number.parseInt(length, 16);
    return prefix.slice(0, shared) === bits.slice(0, shared);
  });
}
