import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { centiseconds, seconds } from '../../src/base/time.ts';
import { admit } from '../../src/vrrp/admission.ts';
import type { Advertisement, ChecksumReading } from '../../src/wire/vrrp.ts';
import { OTHER, US } from './example.ts';
import { admission, fitting, pass, received, VIP, VIP_2, VIP_3 } from './packets.ts';

const admitted = {
  ok: true,
  value: {
    priority: 150,
    source: OTHER,
    advertisementInterval: seconds(1),
    checksumReading: 'message' as ChecksumReading,
    warnings: [] as string[],
  },
};
const admittedVersion3 = { ok: true, value: { ...admitted.value, checksumReading: 'pseudo-header' } };
const warned = (...warnings: string[]) => ({ ok: true, value: { ...admitted.value, warnings } });
const refused = (reason: string) => ({ ok: false, reason });

const version3: Advertisement = {
  version: 3,
  vrid: 51,
  priority: 150,
  advertisementInterval: seconds(1),
  addresses: [VIP, VIP_2],
};

/** Sets a byte of a version 2 message and puts its checksum right again. */
const withByte = (offset: number, value: number) => (bytes: Uint8Array) => {
  const changed = Uint8Array.from(bytes);
  changed[offset] = value;
  viewOf(changed).setUint16(6, 0);
  viewOf(changed).setUint16(6, internetChecksum(changed));
  return changed;
};

describe('admit', () => {
  it('lets in what fits, with all that the state machine wants to know (RFC 3768 §7.1)', () => {
    expect(admit(admission(), received(fitting))).toEqual(admitted);
    expect(admit(admission({ version: 3 }), received(version3))).toEqual(admittedVersion3);
  });

  it.each([0, 1, 254, 255])('lets in priority %i (RFC 3768 §5.3.4) [A08- B07+]', (priority) => {
    expect(admit(admission(), received({ ...fitting, priority }))).toEqual({
      ok: true,
      value: { ...admitted.value, priority },
    });
  });

  it.each([0, 1, 64, 254])('refuses multicast with TTL %i (RFC 3768 §7.1) [A03- B02- B04-]', (ttl) => {
    expect(admit(admission(), received(fitting, { ttl }))).toEqual(refused('ttl'));
  });

  it.each([1, 64, 255])('lets in unicast with TTL %i: keepalived.conf(5) "unicast_peer"', (ttl) => {
    expect(admit(admission({ unicast: true }), received(fitting, { ttl, destination: US }))).toEqual(admitted);
  });

  it('refuses another version (RFC 3768 §7.1) [A34- B40-]', () => {
    expect(admit(admission(), received(version3))).toEqual(refused('version'));
    expect(admit(admission({ version: 3 }), received(fitting))).toEqual(refused('version'));
  });

  it.each([0x11, 0x41, 0xf1])(
    'refuses a message that begins with %i, of no version we know (RFC 3768 §7.1)',
    (byte) => {
      expect(admit(admission(), received(fitting, {}, withByte(0, byte)))).toEqual(refused('version'));
    },
  );

  it('refuses every other type (RFC 3768 §5.3.2) [A05- B06-]', () => {
    for (const type of [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) {
      expect(admit(admission(), received(fitting, {}, withByte(0, 0x20 | type)))).toEqual(refused('type'));
    }
  });

  it('refuses a message that is cut off, at every length (RFC 3768 §7.1) [A35-]', () => {
    for (let length = 0; length < 24; length++) {
      const cut = received(fitting, {}, (bytes) => bytes.subarray(0, length));
      expect(admit(admission(), cut)).toEqual(refused('too-short'));
    }
  });

  it('refuses a wrong checksum (RFC 3768 §7.1) [A36- A12-]', () => {
    const flipped = received(fitting, {}, (bytes) => bytes.map((byte, i) => (i === 2 ? byte ^ 1 : byte)));
    expect(admit(admission(), flipped)).toEqual(refused('checksum'));
  });

  it.each([1, 50, 52, 255])('refuses VRID %i, ours being 51 (RFC 3768 §7.1) [A37-]', (vrid) => {
    expect(admit(admission(), received({ ...fitting, vrid }))).toEqual(refused('vrid'));
  });

  describe('with authentication', () => {
    const secret = admission({ authentication: { type: 'PASS', password: 'secret12' } });

    it('lets in the same password, of which 8 bytes count (RFC 2338 §5.3.6.2)', () => {
      const authenticated = { ...fitting, authentication: pass('secret12') };
      const longer = admission({ authentication: { type: 'PASS', password: 'secret12345' } });
      expect(admit(secret, received(authenticated))).toEqual(admitted);
      expect(admit(longer, received(authenticated))).toEqual(admitted);
    });

    it.each(['', 'secret1', 'secret13', 'Secret12', 'xecret12'])(
      'refuses the password "%s" (RFC 3768 §7.1)',
      (password) => {
        expect(admit(secret, received({ ...fitting, authentication: pass(password) }))).toEqual(refused('password'));
      },
    );

    it('refuses every type but the configured one (RFC 3768 §7.1) [A09-]', () => {
      expect(admit(secret, received(fitting))).toEqual(refused('authentication-type'));
      expect(admit(secret, received({ ...fitting, authentication: { type: 'AH' } }))).toEqual(
        refused('authentication-type'),
      );
      expect(admit(admission(), received({ ...fitting, authentication: pass('secret12') }))).toEqual(
        refused('authentication-type'),
      );
      expect(admit(admission(), received({ ...fitting, authentication: { type: 'AH' } }))).toEqual(
        refused('authentication-type'),
      );
    });

    it.each([3, 255])('refuses type %i, which nobody knows (RFC 3768 §5.3.6)', (type) => {
      expect(admit(admission(), received(fitting, {}, withByte(4, type)))).toEqual(refused('authentication-type'));
      expect(admit(secret, received(fitting, {}, withByte(4, type)))).toEqual(refused('authentication-type'));
    });

    it('does not read the 8 bytes when there is none (RFC 3768 §5.3.10) [A10+]', () => {
      expect(admit(admission(), received(fitting, {}, withByte(20, 0x73)))).toEqual(admitted);
    });

    it('is unknown to version 3 (RFC 5798 §5.2)', () => {
      const authentication = { type: 'PASS', password: 'secret12' } as const;
      expect(admit(admission({ version: 3, authentication }), received(version3))).toEqual(admittedVersion3);
    });
  });

  it.each([2, 3, 255])('refuses an interval of %i s in version 2, ours being 1 s (RFC 3768 §7.1) [A39-]', (n) => {
    const other = { ...fitting, advertisementInterval: seconds(n) };
    expect(admit(admission(), received(other))).toEqual(refused('advertisement-interval'));
  });

  it('lets in another interval in version 3, with a warning (RFC 5798 §7.1) [B44+]', () => {
    const other = { ...version3, advertisementInterval: centiseconds(1) };
    expect(admit(admission({ version: 3 }), received(other))).toEqual({
      ok: true,
      value: {
        ...admittedVersion3.value,
        advertisementInterval: centiseconds(1),
        warnings: ['advertisement-interval'],
      },
    });
  });

  it('refuses multicast where unicast is configured, and the other way round', () => {
    expect(admit(admission({ unicast: true }), received(fitting))).toEqual(refused('destination'));
    expect(admit(admission(), received(fitting, { destination: US }))).toEqual(refused('destination'));
  });

  it('refuses what we have sent ourselves', () => {
    expect(admit(admission(), received(fitting, { source: US }))).toEqual(refused('own-packet'));
    expect(admit(admission({ localAddress: '192.0.2.7' as IpAddress }), received(fitting, { source: US }))).toEqual({
      ok: true,
      value: { ...admitted.value, source: US },
    });
  });

  describe('compares the addresses', () => {
    it.each([
      ['one fewer', [VIP]],
      ['one more', [VIP, VIP_2, VIP_3]],
      ['another one', [VIP, VIP_3]],
      ['one of them twice', [VIP, VIP]],
      ['none at all', []],
    ])('and lets in %s, with a warning (RFC 9568 §7.1, unlike RFC 3768 §7.1)', (_, addresses) => {
      expect(admit(admission(), received({ ...fitting, addresses }))).toEqual(warned('address-list'));
    });

    it('without regard to their order (RFC 3768 §7.1)', () => {
      expect(admit(admission(), received({ ...fitting, addresses: [VIP_2, VIP] }))).toEqual(admitted);
    });
  });

  it.each([
    ['pseudo-header', []],
    ['message', ['checksum-reading']],
    ['group-pseudo-header', ['checksum-reading']],
  ] as const)(
    'lets in a version 3 checksum over %s, with a warning when it is not the one we send (RFC 5798 §5.2.8) [B11+]',
    (checksumReading, warnings) => {
      const config = admission({ version: 3, unicast: true });
      expect(admit(config, received(version3, { destination: US, checksumReading }))).toEqual({
        ok: true,
        value: { ...admitted.value, checksumReading, warnings },
      });
      expect(admit({ ...config, checksumReading }, received(version3, { destination: US, checksumReading }))).toEqual({
        ok: true,
        value: { ...admitted.value, checksumReading, warnings: [] },
      });
    },
  );

  describe('of the Master that we know', () => {
    const other = received({ ...fitting, addresses: [VIP_3] });

    it('does not look at the addresses where that is not wanted: keepalived.conf(5) "skip_check_adv_addr"', () => {
      expect(admit(admission({ skipCheckAdvertisedAddresses: true }), other, OTHER)).toEqual(admitted);
    });

    it('looks at them of anybody else, and where nothing is said', () => {
      expect(admit(admission({ skipCheckAdvertisedAddresses: true }), other, US)).toEqual(warned('address-list'));
      expect(admit(admission({ skipCheckAdvertisedAddresses: true }), other)).toEqual(warned('address-list'));
      expect(admit(admission(), other, OTHER)).toEqual(warned('address-list'));
    });
  });

  describe('of unicast peers', () => {
    const peers = [{ address: OTHER, minTtl: 64, maxTtl: 254 }];
    const strict = admission({ unicast: true, peers, checkUnicastSource: true });
    const from = (source: IpAddress, ttl: number) => received(fitting, { destination: US, source, ttl });

    it.each([64, 128, 254])('lets in TTL %i within the range: keepalived.conf(5) "unicast_peer"', (ttl) => {
      expect(admit(strict, from(OTHER, ttl))).toEqual(admitted);
    });

    it.each([0, 63, 255])('refuses TTL %i outside of it', (ttl) => {
      expect(admit(strict, from(OTHER, ttl))).toEqual(refused('ttl'));
    });

    it('refuses who is no peer: keepalived.conf(5) "check_unicast_src"', () => {
      expect(admit(strict, from(VIP_3, 64))).toEqual(refused('unicast-source'));
    });

    it('lets in everybody where that is not asked for', () => {
      const value = { ...admitted.value, source: VIP_3 };
      expect(admit({ ...strict, checkUnicastSource: false }, from(VIP_3, 1))).toEqual({ ok: true, value });
    });
  });

  it('warns the owner of the addresses of another one, and of nobody else (RFC 9568 §8.3.2) [B41+ B57+]', () => {
    const owner = admission({ isOwner: true });
    expect(admit(owner, received({ ...fitting, priority: 255 }))).toEqual({
      ok: true,
      value: { ...admitted.value, priority: 255, warnings: ['duplicate-owner'] },
    });
    expect(admit(owner, received({ ...fitting, priority: 254 }))).toEqual({
      ok: true,
      value: { ...admitted.value, priority: 254 },
    });
    expect(admit(admission(), received({ ...fitting, priority: 255 }))).toEqual({
      ok: true,
      value: { ...admitted.value, priority: 255 },
    });
  });

  it('names the first fault in the order of its tests, and no warning beside it', () => {
    const password = { authentication: { type: 'PASS', password: 'secret12' } } as const;
    const everything = { vrid: 52, advertisementInterval: seconds(3), addresses: [VIP_3] };
    const config = admission(password);
    const wrong = { ...fitting, ...everything, authentication: pass('other') };
    const steps: [Advertisement, Parameters<typeof received>[1], string][] = [
      [wrong, { ttl: 64, destination: US, source: US }, 'ttl'],
      [wrong, { destination: US, source: US }, 'vrid'],
      [{ ...wrong, vrid: 51 }, { destination: US, source: US }, 'password'],
      [{ ...wrong, vrid: 51, authentication: pass('secret12') }, { source: US }, 'advertisement-interval'],
      [{ ...fitting, authentication: pass('secret12') }, { destination: US, source: US }, 'destination'],
      [{ ...fitting, authentication: pass('secret12'), addresses: [] }, { source: US }, 'own-packet'],
    ];
    for (const [advertisement, around, reason] of steps) {
      expect(admit(config, received(advertisement, around))).toEqual(refused(reason));
    }
  });
});
