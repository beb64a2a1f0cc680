/** The kernel's list of IPVS connections, /proc/net/ip_vs_conn, and its text as `ipvsadm -L -n -c` has it. */
import { addressFromBytes, type IpAddress } from '../base/address.ts';

/** A connection, or the template of a persistent client (port 0). */
export interface Connection {
  readonly protocol: string;
  readonly client: Endpoint;
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  /** ESTABLISHED, FIN_WAIT, UDP, NONE, … */
  readonly state: string;
  /** Seconds until the kernel forgets it. */
  readonly expires_s: number;
}

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** Lines of the kernel; what is no connection (the head) is passed over. */
export function parseConnections(text: string): Connection[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, from, fromPort, to, toPort, destination, destinationPort, state, expires] = line
      .trim()
      .split(/\s+/);
    const client = endpoint(from, fromPort);
    const virtual = endpoint(to, toPort);
    const server = endpoint(destination, destinationPort);
    if (!protocol || !client || !virtual || !server || !state || !/^\d+$/.test(expires ?? '')) return [];
    return [{ protocol, client, virtual, destination: server, state, expires_s: Number(expires) }];
  });
}

/** IPv4 as eight hexadecimal digits, IPv6 in brackets or in full. */
function endpoint(address: string | undefined, port: string | undefined): Endpoint | undefined {
  const digits = address?.replace(/[[\]:]/g, '');
  if (digits === undefined || !/^([0-9a-f]{8}|[0-9a-f]{32})$/i.test(digits) || !/^[0-9a-f]{4}$/i.test(port ?? '')) {
    return undefined;
  }
  return { address: addressFromBytes(Buffer.from(digits, 'hex')), port: Number.parseInt(port ?? '', 16) };
}

const HEAD = `IPVS connection entries
pro expire state       source             virtual            destination
`;

export function renderConnections(connections: readonly Connection[]): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const lines = connections.map(({ protocol, expires_s: expires, state, client, virtual, destination }) =>
    [
      protocol.padEnd(3),
      `${two(Math.floor(expires / 60))}:${two(expires % 60)} `,
      state.padEnd(11),
      text(client).padEnd(18),
      text(virtual).padEnd(18),
      text(destination),
    ].join(' '),
  );
  return HEAD + lines.map((line) => `${line}\n`).join('');
}

const text = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
