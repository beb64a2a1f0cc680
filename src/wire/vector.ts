/** The form of the example messages that lie beside the codecs (x.vectors.ts) and that the tests run through them. */

import type { NetlinkMessage } from './netlink.ts';

/** One message, as bytes and as the value that they mean. */
export interface Vector<Value> {
  readonly name: string;
  /** Where the bytes come from: a capture (of what), a document, or computed by hand. */
  readonly source: string;
  /** Hexadecimal, with blanks where they help reading. */
  readonly bytes: string;
  readonly value: Value;
  /** Why the value does not lead back to these very bytes, e.g. because they hold attributes that we skip. */
  readonly oneWay?: string;
}

/** A netlink message whose body is decoded too. */
export type MessageOf<Body> = Omit<NetlinkMessage, 'body'> & { readonly body: Body };

/** One netlink message, header and all. */
export type MessageVector<Body> = Vector<MessageOf<Body>>;

/** The source of everything captured from keepalived: on its bridge and on nlmon, kernel 6.1. */
export const KEEPALIVED = 'capture of keepalived 2.2.7 on Debian 12';

/** The source of what the kernel answered to a request made for the purpose, in a namespace of its own. */
export const LINUX_6_18 = 'capture of Linux 6.18';

/** The source of what ip(8) asked the kernel for, as strace(1) saw it. */
export const IPROUTE2 = 'capture of ip of iproute2 6.1';
