import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import type { Mac } from '../../src/wire/ethernet.ts';
import { decodeLink, encodeLink, encodeLinkRequest, IFF_UP } from '../../src/wire/rtnetlink-link.ts';
import { linkVectors } from '../../src/wire/rtnetlink-link.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const linkCodec = messageCodec((message) => decodeLink(message.body), encodeLink);

describe('rtnetlink interface', () => {
  codecConformance(linkCodec, linkVectors, 'refused');

  it('the request for interfaces asks to leave the counters out', () => {
    expect(toHex(encodeLinkRequest())).toBe(`${'0'.repeat(32)}08001d0008000000`);
  });

  it('what is about the port of a bridge is refused', () => {
    expect(decodeLink(fromHex('0700 0100 05000000 43100000 00000000'))).toEqual({ ok: false, reason: 'family' });
    expect(decodeLink(fromHex('0000 0100 05000000 43100000 00000000')).ok).toBe(true);
  });

  it('a hardware address of another length than 6 is no MAC', () => {
    const infiniband = fromHex(`0000 2000 05000000 43100000 00000000 1800 0100 ${'ab'.repeat(20)}`);
    expect(decodeLink(infiniband)).toEqual({
      ok: true,
      value: { deviceType: 32, interfaceIndex: 5, flags: 0x1043 },
    });
  });

  it('requests are those of ip(8) and keepalived', () => {
    const change = { deviceType: 0, interfaceIndex: 4, flags: 0 };
    const head = (flags: string, mask: string) => `00000000 04000000 ${flags} ${mask}`;
    const hex = (text: string) => text.replaceAll(' ', '');
    // ip link set vrrp.51 up; ip link set vrrp.51 down
    expect(toHex(encodeLink({ ...change, flags: IFF_UP }, { change: IFF_UP }))).toBe(hex(head('01000000', '01000000')));
    expect(toHex(encodeLink(change, { change: IFF_UP }))).toBe(hex(head('00000000', '01000000')));
    // ip link set vrrp.51 address 00:00:5e:00:01:34
    const mac = '00:00:5e:00:01:34' as Mac;
    expect(toHex(encodeLink({ ...change, mac }))).toBe(
      hex(`${head('00000000', '00000000')} 0a000100 00005e000134 0000`),
    );
    // ip link set vrrp.51 name vrrp1.51
    expect(toHex(encodeLink({ ...change, name: 'vrrp1.51' }))).toBe(
      hex(`${head('00000000', '00000000')} 0d000300 76727270312e353100 000000`),
    );
    // keepalived: arp_ignore and arp_filter of the interface below
    const ipv4Settings = new Map([
      [19, 1],
      [13, 1],
    ]);
    expect(toHex(encodeLink({ ...change, interfaceIndex: 3 }, { ipv4Settings }))).toBe(
      hex('00000000 03000000 00000000 00000000 1c001a00 18000200 14000100 08001300 01000000 08000d00 01000000'),
    );
    expect(toHex(encodeLink(change, { namespaceDescriptor: 9 }))).toBe(
      hex(`${head('00000000', '00000000')} 08001c00 09000000`),
    );
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(linkVectors), (input) => expectRefusedOrRoundTrip(linkCodec, input)),
      { numRuns: 3_000 },
    );
  });
});
