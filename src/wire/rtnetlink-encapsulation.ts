/**
 * Lightweight tunnels: the header that a route puts before every packet. linux/lwtunnel.h, linux/mpls_iptunnel.h,
 * linux/ila.h.
 *
 * The attributes RTA_ENCAP_TYPE and RTA_ENCAP of a route or a next hop. Kinds that keepalived does not know are carried
 * as they are.
 */

import type { IpAddress } from '../base/address.ts';
import { assert, assertNever } from '../base/assert.ts';
import { fromHex, toHex, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type AttributeFault, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** LWTUNNEL_ENCAP_* in linux/lwtunnel.h. */
const ENCAP_MPLS = 1;
const ENCAP_IP = 2;
const ENCAP_ILA = 3;
const ENCAP_IP6 = 4;

/** enum lwtunnel_ip_t and lwtunnel_ip6_t in linux/lwtunnel.h, which have the same numbers. */
const tunnelAttributes = attributeTable({
  id: [1, 'LWTUNNEL_IP_ID', 'u64be'],
  destination: [2, 'LWTUNNEL_IP_DST', 'address'],
  source: [3, 'LWTUNNEL_IP_SRC', 'address'],
  trafficClass: [5, 'LWTUNNEL_IP_TOS', 'u8'],
  hopLimit: [4, 'LWTUNNEL_IP_TTL', 'u8'],
  flags: [6, 'LWTUNNEL_IP_FLAGS', 'u16be'],
});

/** MPLS_IPTUNNEL_DST in linux/mpls_iptunnel.h. */
const mplsAttributes = attributeTable({ stack: [1, 'MPLS_IPTUNNEL_DST', 'bytes'] });

/** ILA_ATTR_LOCATOR in linux/ila.h. */
const ilaAttributes = attributeTable({ locator: [1, 'ILA_ATTR_LOCATOR', 'bytes'] });

/** What is put before every packet. */
export type EncapsulationMessage =
  | {
      readonly type: 'ip' | 'ip6';
      /** The tunnel's, 64 bits. */
      readonly id?: bigint;
      /** Of IPv4 for `ip`, of IPv6 for `ip6`; so is `source`. */
      readonly destination?: IpAddress;
      readonly source?: IpAddress;
      /** Type of Service or Traffic Class, 0-255. */
      readonly trafficClass?: number;
      /** Time to Live or Hop Limit, 0-255. */
      readonly hopLimit?: number;
      /** TUNNEL_* of the kernel, 16 bits. */
      readonly flags?: number;
    }
  /** Labels of 20 bits, the outermost first; their TTL is the packet's. */
  | { readonly type: 'mpls'; readonly labels: readonly number[] }
  /** The 64 bits of the locator, as 16 hexadecimal digits. */
  | { readonly type: 'ila'; readonly locator: string }
  /** The kernel's number of the kind, and its attributes. */
  | { readonly type: 'other'; readonly number: number; readonly bytes: Uint8Array };

/** Why a tunnel cannot be read. */
export type EncapsulationFault = AttributeFault;

/** The two attributes of a tunnel. */
export interface EncapsulationAttributes {
  /** RTA_ENCAP_TYPE. */
  readonly encapsulationType: number;
  /** RTA_ENCAP. */
  readonly encapsulation: Uint8Array;
}

/** Reads the two attributes. */
export function decodeEncapsulation({
  encapsulationType: number,
  encapsulation: bytes,
}: EncapsulationAttributes): Result<EncapsulationMessage, EncapsulationFault> {
  switch (number) {
    case ENCAP_IP:
    case ENCAP_IP6: {
      const outcome = decodeAttributes(tunnelAttributes, bytes);
      if (!outcome.ok) return outcome;
      const type = number === ENCAP_IP ? 'ip' : 'ip6';
      const { destination, source } = outcome.value;
      if (!allOf(type, destination, source)) return fault('attribute-value');
      return ok({ type, ...outcome.value });
    }
    case ENCAP_MPLS: {
      const outcome = decodeAttributes(mplsAttributes, bytes);
      if (!outcome.ok) return outcome;
      const { stack = new Uint8Array(0) } = outcome.value;
      if (stack.length === 0 || stack.length % LABEL_LENGTH !== 0) return fault('attribute-value');
      const view = viewOf(stack);
      const count = stack.length / LABEL_LENGTH;
      const labels = Array.from({ length: count }, (_, i) => view.getUint32(i * LABEL_LENGTH) >>> LABEL_SHIFT);
      return ok({ type: 'mpls', labels });
    }
    case ENCAP_ILA: {
      const outcome = decodeAttributes(ilaAttributes, bytes);
      if (!outcome.ok) return outcome;
      const { locator } = outcome.value;
      return locator?.length === LOCATOR_LENGTH
        ? ok({ type: 'ila', locator: toHex(locator) })
        : fault('attribute-value');
    }
    default:
      return ok({ type: 'other', number, bytes });
  }
}

/** The two attributes. */
export function encodeEncapsulation(message: EncapsulationMessage): EncapsulationAttributes {
  switch (message.type) {
    case 'ip':
    case 'ip6': {
      const { type, ...attributes } = message;
      assert(allOf(type, message.destination, message.source), `the addresses are not of ${type}`);
      return {
        encapsulationType: type === 'ip' ? ENCAP_IP : ENCAP_IP6,
        encapsulation: encodeAttributes(tunnelAttributes, attributes),
      };
    }
    case 'mpls':
      return {
        encapsulationType: ENCAP_MPLS,
        encapsulation: encodeAttributes(mplsAttributes, { stack: encodeLabels(message.labels) }),
      };
    case 'ila': {
      const locator = fromHex(message.locator);
      assert(locator.length === LOCATOR_LENGTH, `a locator has 16 digits: ${message.locator}`);
      return { encapsulationType: ENCAP_ILA, encapsulation: encodeAttributes(ilaAttributes, { locator }) };
    }
    case 'other':
      return { encapsulationType: message.number, encapsulation: message.bytes };
    default:
      return assertNever(message);
  }
}

const LOCATOR_LENGTH = 8;
/** A label stack entry: label (20 bits), traffic class (3), bottom of stack (1), TTL (8). RFC 3032 §2.1. */
const LABEL_LENGTH = 4;
const LABEL_SHIFT = 12;
const LABEL_MAX = 0xf_ffff;
const BOTTOM_OF_STACK = 0x100;

function encodeLabels(labels: readonly number[]): Uint8Array {
  assert(labels.length > 0, 'a label stack has labels');
  const bytes = new Uint8Array(labels.length * LABEL_LENGTH);
  const view = viewOf(bytes);
  for (const [i, label] of labels.entries()) {
    assert(Number.isInteger(label) && label >= 0 && label <= LABEL_MAX, `a label has 20 bits: ${label}`);
    const bottom = i === labels.length - 1 ? BOTTOM_OF_STACK : 0;
    view.setUint32(i * LABEL_LENGTH, ((label << LABEL_SHIFT) | bottom) >>> 0);
  }
  return bytes;
}

const allOf = (type: 'ip' | 'ip6', ...addresses: readonly (IpAddress | undefined)[]): boolean =>
  addresses.every((address) => address === undefined || address.includes(':') === (type === 'ip6'));
