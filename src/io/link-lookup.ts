/**
 * One interface of this host, asked for and answered at once: for reading a configuration, which waits for nothing. The
 * kernel answers RTM_GETLINK inside sendmsg(2), netlink(7).
 */
import { decodeMessages, encodeMessage, NLM_F_REQUEST } from '../wire/netlink.ts';
import { decodeLink, encodeLink, RTM_GETLINK, RTM_NEWLINK } from '../wire/rtnetlink-link.ts';
import { AF_NETLINK, NETLINK_ROUTE, SOCK_RAW } from './constants.ts';
import { native } from './native.ts';

/** What a configuration wants to know of an interface. */
export interface HostLink {
  /** In bytes. */
  readonly mtu: number;
  /** IFLA_INFO_KIND: `macvlan`, `ipvlan`, `vrf`; absent for hardware. */
  readonly kind?: string;
}

/** The interface; undefined when there is none of that name. Throws when the kernel cannot be asked. */
export function lookUpLink(name: string): HostLink | undefined {
  let interfaceIndex: number;
  try {
    interfaceIndex = native().interfaceIndex(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODEV') return undefined;
    throw error;
  }
  const socket = new (native().Socket)(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  try {
    const body = encodeLink({ deviceType: 0, interfaceIndex, flags: 0 });
    socket.send(encodeMessage({ type: RTM_GETLINK, flags: NLM_F_REQUEST, sequence: 1, portId: 0, body }), {
      family: 'netlink',
      portId: 0,
      groups: 0,
    });
    const messages = decodeMessages(socket.receive()?.bytes ?? new Uint8Array(0));
    const answer = messages.ok ? messages.value.find(({ type }) => type === RTM_NEWLINK) : undefined;
    const link = answer && decodeLink(answer.body);
    if (!link?.ok) return undefined; // gone in the meantime
    const { mtu = 0, kind } = link.value;
    return { mtu, ...(kind === undefined ? {} : { kind }) };
  } finally {
    socket.close();
  }
}

/** Whether this host has an interface; true where the addon, which could tell, is not there. */
export function interfaceExists(name: string): boolean {
  try {
    native().interfaceIndex(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENODEV';
  }
}
