/**
 * Our netlink codecs against those of the npm package `netlink`, in both directions.
 *
 * Only its two modules of pure functions are loaded, by path: the package's own entry loads its native sockets.
 */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes, addressFromBytes, type IpAddress } from '../../src/base/address.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import { decodeGeneric, encodeFamilyRequest } from '../../src/wire/generic-netlink.ts';
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../src/wire/netlink.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from '../../src/wire/netlink-attributes.ts';
import { type AddressMessage, decodeAddress, encodeAddress } from '../../src/wire/rtnetlink.ts';

interface TheirMessage {
  type: number;
  flags: number;
  seq: number;
  port: number;
  data: Uint8Array;
}

interface TheirAttribute {
  type: number;
  nested: boolean;
  no: boolean;
  data: Uint8Array;
}

/** The part of netlink/dist/structs.d.ts that is used here. */
interface TheirStructs {
  parseMessages(bytes: Buffer): TheirMessage[];
  formatMessage(message: TheirMessage): Uint8Array[];
  parseAttributes(bytes: Buffer, each: (attribute: TheirAttribute) => void): void;
  formatAttribute(attribute: Partial<TheirAttribute>): Uint8Array[];
  parseGenlHeader(bytes: Buffer): { x: { cmd: number; version: number } };
  AttrStream: new () => TheirStream;
}

interface TheirStream {
  readonly bufs: Uint8Array[];
}

interface TheirAddress {
  data: { family: number; prefixlen: number; flags?: Record<string, boolean>; scope: number; index: number };
  attrs: { address?: Buffer; local?: Buffer; broadcast?: Buffer; label?: string };
}

/** The part of netlink/dist/rt/structs.d.ts that is used here. */
interface TheirRtStructs {
  parseAddressMessage(bytes: Buffer): TheirAddress;
  formatAddressMessage(message: TheirAddress, out: TheirStream): void;
}

const require = createRequire(import.meta.url);
const structs: TheirStructs = require('netlink/dist/structs.js');
const rt: TheirRtStructs = require('netlink/dist/rt/structs.js');

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const plain = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

describe('npm netlink agrees', () => {
  const messages = fc.array(
    fc.record({ type: u16, flags: u16, sequence: u32, portId: u32, body: fc.uint8Array({ maxLength: 20 }) }),
    { maxLength: 4 },
  );

  it('about messages that we encode', () => {
    fc.assert(
      fc.property(messages, (ours) => {
        const theirs = structs.parseMessages(Buffer.from(concatBytes(...ours.map(encodeMessage))));
        const asOurs = theirs.map(
          ({ type, flags, seq, port, data }): NetlinkMessage => ({
            type,
            flags,
            sequence: seq,
            portId: port,
            body: plain(data),
          }),
        );
        expect(asOurs).toEqual(ours);
      }),
    );
  });

  it('about messages that it encodes', () => {
    fc.assert(
      fc.property(messages, (ours) => {
        const parts = ours.map(({ type, flags, sequence, portId, body }) => {
          const bytes = concatBytes(...structs.formatMessage({ type, flags, seq: sequence, port: portId, data: body }));
          return concatBytes(bytes, new Uint8Array(-bytes.length & 3));
        });
        expect(decodeMessages(concatBytes(...parts))).toEqual({ ok: true, value: ours });
      }),
    );
  });

  const table = attributeTable({
    raw: [7, 'X_RAW', 'bytes'],
    inner: [8, 'X_INNER', 'nested'],
    port: [9, 'X_PORT', 'u16be'],
  });
  const values = fc.record({
    raw: fc.uint8Array({ maxLength: 9 }),
    inner: fc.constant(new Uint8Array(0)),
    port: u16,
  });

  it('about attributes that we encode', () => {
    fc.assert(
      fc.property(values, ({ raw, inner, port }) => {
        const seen: TheirAttribute[] = [];
        structs.parseAttributes(Buffer.from(encodeAttributes(table, { raw, inner, port })), (attribute) =>
          seen.push({ ...attribute, data: plain(attribute.data) }),
        );
        expect(seen).toEqual([
          { type: 7, nested: false, no: false, data: raw },
          { type: 8, nested: true, no: false, data: inner },
          { type: 9, nested: false, no: false, data: Uint8Array.of(port >> 8, port & 0xff) },
        ]);
      }),
    );
  });

  it('about attributes that it encodes, whatever their flags', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9 }), fc.boolean(), fc.boolean(), (raw, nested, no) => {
        const bytes = concatBytes(...structs.formatAttribute({ type: 7, nested, no, data: raw }));
        const padded = concatBytes(bytes, new Uint8Array(-bytes.length & 3));
        expect(decodeAttributes(table, padded)).toEqual({ ok: true, value: { raw } });
      }),
    );
  });

  it('about the generic header', () => {
    const bytes = encodeFamilyRequest('IPVS');
    const theirs = structs.parseGenlHeader(Buffer.from(bytes)).x;
    const ours = decodeGeneric(bytes);
    expect(ours.ok && { cmd: ours.value.command, version: ours.value.version }).toEqual({
      cmd: theirs.cmd,
      version: theirs.version,
    });
  });

  const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(addressFromBytes);
  const v6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(addressFromBytes);
  const common = { scope: u8, interfaceIndex: u32, flags: fc.constantFrom(0, 0x80) };
  const label = fc.string({ unit: fc.constantFrom('e', 't', 'h', '0', ':', 'ü'), maxLength: 10 });
  const addresses = fc.oneof(
    fc.record({
      ...common,
      family: fc.constant('inet' as const),
      prefixLength: fc.nat(32),
      local: v4,
      address: v4,
      broadcast: v4,
      label,
    }),
    fc.record({ ...common, family: fc.constant('inet6' as const), prefixLength: fc.nat(128), address: v6 }),
  );
  const bytesOf = (address: IpAddress | undefined) => (address === undefined ? undefined : addressBytes(address));

  it('about addresses that we encode', () => {
    fc.assert(
      fc.property(addresses, (ours: AddressMessage) => {
        const { data, attrs } = rt.parseAddressMessage(Buffer.from(encodeAddress(ours)));
        expect({ ...data, permanent: data.flags?.permanent === true }).toMatchObject({
          family: ours.family === 'inet' ? 2 : 10,
          prefixlen: ours.prefixLength,
          scope: ours.scope,
          index: ours.interfaceIndex,
          permanent: ours.flags === 0x80,
        });
        expect(attrs.local && plain(attrs.local)).toEqual(bytesOf(ours.local));
        expect(attrs.address && plain(attrs.address)).toEqual(bytesOf(ours.address));
        expect(attrs.broadcast && plain(attrs.broadcast)).toEqual(bytesOf(ours.broadcast));
        expect(attrs.label).toEqual(ours.label);
      }),
    );
  });

  it('about addresses that it encodes', () => {
    fc.assert(
      fc.property(addresses, (ours: AddressMessage) => {
        const buffer = (address: IpAddress | undefined) =>
          address === undefined ? undefined : Buffer.from(addressBytes(address));
        const attrs = {
          local: buffer(ours.local),
          address: buffer(ours.address),
          broadcast: buffer(ours.broadcast),
          label: ours.label,
        } as TheirAddress['attrs'];
        const out = new structs.AttrStream();
        rt.formatAddressMessage(
          {
            data: {
              family: ours.family === 'inet' ? 2 : 10,
              prefixlen: ours.prefixLength,
              flags: ours.flags === 0x80 ? { permanent: true } : {},
              scope: ours.scope,
              index: ours.interfaceIndex,
            },
            attrs,
          },
          out,
        );
        const bytes = concatBytes(...out.bufs);
        expect(decodeAddress(concatBytes(bytes, new Uint8Array(-bytes.length & 3)))).toEqual({ ok: true, value: ours });
      }),
    );
  });
});
