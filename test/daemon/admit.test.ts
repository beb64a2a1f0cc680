import { beforeEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { instant, later, seconds } from '../../src/base/time.ts';
import { Admission, explainNotice } from '../../src/daemon/admit.ts';
import { advertisementPackets } from '../../src/daemon/advertisement.ts';
import { earsOf } from '../../src/daemon/ears.ts';
import { Hearers } from '../../src/daemon/hearers.ts';
import { newRouter, type Router } from '../../src/daemon/router.ts';
import type { VrrpInstance } from '../../src/vrrp/instance.ts';
import { instance, PEER, router, US, VIP } from './example.ts';

const NOW = instant(5_000_000);

/** The bytes that PEER sends with the same configuration but for `different`. */
const sent = (different: Partial<VrrpInstance> = {}, priority = 150): Uint8Array => {
  const [first] = advertisementPackets(newRouter(instance(different), PEER), priority);
  if (!first) throw new Error('nothing sent');
  return first.packet;
};

/** What the kernel says of an IPv4 packet beside its bytes. */
const addressesOf = (bytes: Uint8Array) => ({
  source: bytes.subarray(12, 16).join('.') as IpAddress,
  destination: bytes.subarray(16, 20).join('.') as IpAddress,
  ttl: bytes[8] ?? 0,
});

describe('Admission', () => {
  let ours: Router;
  let notices: string[];
  let admission: Admission;

  beforeEach(() => {
    ours = router();
    ours.state = { name: 'Fault', reasons: ['test'] };
    notices = [];
    admission = new Admission((notice) => notices.push(explainNotice(notice)));
  });

  /** What a packet that came in on an interface becomes, its addresses as its header has them. */
  const receive = (bytes: Uint8Array, interfaceName = 'eth0', at = NOW) => {
    const hearers = new Hearers();
    hearers.set([ours]);
    const ear = earsOf({ ...ours.instance, interface: interfaceName })[0].key;
    return admission.receive({ bytes, ...addressesOf(bytes), receivedAt: at }, ear, hearers);
  };

  it('turns an advertisement into the event of the router with its VRID and interface [B46+]', () => {
    expect(receive(sent())).toEqual({
      router: ours,
      event: { type: 'advertisement', priority: 150, source: PEER, advertisementInterval: seconds(1) },
    });
    expect(ours.counters).toEqual({ 'advertisements received': 1 });
    expect(notices).toEqual([]);
  });

  it('the owner hears nobody with owner_ignore_adverts, but for its successor', () => {
    ours = router({ priority: 255, state: 'MASTER', ownerIgnoresAdverts: true });
    const leaving = { since: NOW, until: later(NOW, seconds(1)) };
    const announcements = { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined };
    ours.state = { name: 'Master', adverAt: NOW, announcements };
    expect(receive(sent())).toBeUndefined();
    expect(ours.counters).toEqual({ 'advertisements received': 1, 'ignored as owner': 1 });
    ours.state = { ...ours.state, leaving };
    expect(receive(sent())?.event.priority).toBe(150);
    ours.state = { name: 'Backup', masterAdverInterval: seconds(1), masterDownSetAt: NOW, masterDownAt: NOW };
    ours.instance = { ...ours.instance, ownerIgnoresAdverts: false };
    expect(receive(sent())?.event.priority).toBe(150);
  });

  it('counts priority zero', () => {
    expect(receive(sent({}, 0))?.event.priority).toBe(0);
    expect(ours.counters).toEqual({ 'advertisements received': 1, 'priority zero received': 1 });
  });

  it('counts what no instance is for, and says nothing [A37- B42-]', () => {
    expect(receive(sent({ vrid: 52 }))).toBeUndefined();
    expect(receive(sent(), 'eth1')).toBeUndefined();
    expect(receive(new Uint8Array(3))).toBeUndefined();
    expect(admission.strays).toEqual({ 'unknown VRID': 2, 'header too-short': 1 });
    expect(notices).toEqual([]);
  });

  it('says which VRIDs nobody has, each once a minute, where that is wanted: keepalived.conf(5) "log_unknown_vrids"', () => {
    const unknown: string[] = [];
    admission.onUnknown = (vrid, source) => unknown.push(`${vrid} from ${source}`);
    for (let second = 0; second < 70; second += 10) {
      receive(sent({ vrid: 52 }), 'eth0', later(NOW, seconds(second)));
      receive(sent({ vrid: 53 }), 'eth0', later(NOW, seconds(second)));
    }
    expect(unknown).toEqual(['52 from 192.0.2.9', '53 from 192.0.2.9', '52 from 192.0.2.9', '53 from 192.0.2.9']);
  });

  it('of two routers with one VRID takes the one whose peer the sender is', () => {
    const peer = (address: IpAddress) => [{ address, minTtl: 0, maxTtl: 255 }];
    const other = router({ name: 'other', unicastPeers: peer(VIP) });
    ours = router({ unicastPeers: peer(PEER) });
    for (const one of [ours, other]) one.state = { name: 'Fault', reasons: ['test'] };
    const hearers = new Hearers();
    hearers.set([other, ours]);
    const bytes = sent({ unicastPeers: peer(US) });
    const ear = earsOf(ours.instance)[0].key;
    const packet = { bytes, ...addressesOf(bytes), receivedAt: NOW };
    expect(admission.receive(packet, ear, hearers)?.router).toBe(ours);
  });

  describe('of a router with auth_type AH', () => {
    const authentication = { type: 'AH', password: 'secret' } as const;
    /** What PEER sends after it has sent or accepted so many. */
    const withHeader = (counter: number, password = 'secret') => {
      const sender = newRouter(instance({ authentication: { type: 'AH', password } }), PEER);
      return advertisementPackets({ ...sender, sequenceNumber: counter }, 150)[0]?.packet ?? new Uint8Array();
    };

    beforeEach(() => {
      ours = router({ authentication });
      ours.state = { name: 'Fault', reasons: ['test'] };
    });

    it('lets in what is signed with our password and newer than the last one, and goes on counting there', () => {
      expect(receive(withHeader(6))?.event.priority).toBe(150);
      expect(ours.sequenceNumber).toBe(7);
      expect(receive(withHeader(6))).toBeUndefined();
      expect(receive(withHeader(7))?.event.priority).toBe(150);
      expect(ours.counters).toEqual({ 'advertisements received': 2, 'refused authentication-header-replay': 1 });
    });

    it('refuses another password and any change on the way', () => {
      expect(receive(withHeader(1, 'other'))).toBeUndefined();
      const changed = withHeader(1);
      changed[changed.length - 30] = (changed[changed.length - 30] ?? 0) ^ 1;
      expect(receive(changed)).toBeUndefined();
      expect(ours.counters).toEqual({ 'refused authentication-header-digest': 2 });
      expect(ours.sequenceNumber).toBe(0);
    });

    it('refuses what has no Authentication Header, and says so', () => {
      expect(receive(sent())).toBeUndefined();
      expect(notices).toEqual([
        'advertisement from 192.0.2.9 not listened to: it has no Authentication Header; two masters follow',
      ]);
    });
  });

  it('takes an IPv6 advertisement as the kernel gives it, without its header', () => {
    const ipv6 = {
      family: 'inet6',
      version: 3,
      multicastGroup: 'ff02::12' as IpAddress,
      virtualAddresses: [{ address: 'fe80::15' as IpAddress, prefixLength: 64, interface: 'eth0', scope: 0 }],
    } as const;
    ours = newRouter(instance(ipv6), 'fe80::5' as IpAddress);
    ours.state = { name: 'Fault', reasons: ['test'] };
    const [outgoing] = advertisementPackets(newRouter(instance(ipv6), 'fe80::6' as IpAddress), 150);
    const bytes = outgoing?.packet ?? new Uint8Array();
    // RFC 8200 §3: version 6, traffic class 0xc0, next header 112, hop limit 255
    expect([bytes[0], bytes[1], bytes[6], bytes[7]]).toEqual([0x6c, 0x00, 112, 255]);
    const hearers = new Hearers();
    hearers.set([ours]);
    const receiveFrom = (source: string, ttl: number) =>
      admission.receive(
        {
          bytes: bytes.subarray(40),
          source: source as IpAddress,
          destination: 'ff02::12' as IpAddress,
          ttl,
          receivedAt: NOW,
        },
        earsOf(ours.instance)[0].key,
        hearers,
      );
    expect(receiveFrom('fe80::6', 255)?.event).toMatchObject({ priority: 150, source: 'fe80::6' });
    // B04: the hop limit; B11: the pseudo header has the source in it
    expect(receiveFrom('fe80::6', 254)).toBeUndefined();
    expect(receiveFrom('fe80::7', 255)).toBeUndefined();
    expect(ours.counters).toEqual({ 'advertisements received': 1, 'refused ttl': 1, 'refused checksum': 1 });
  });

  it('a router that is not started hears nothing', () => {
    ours.state = { name: 'Initialize' };
    expect(receive(sent())).toBeUndefined();
    expect(admission.strays).toEqual({ 'unknown VRID': 1 });
  });

  it.each([
    [
      { authentication: { type: 'PASS', password: 'other' } } as const,
      'password',
      'another auth_pass than ours; two masters follow',
    ],
    [
      { advertisementInterval: seconds(3) },
      'advertisement-interval',
      'another advert_int than ours; two masters follow',
    ],
    [{ version: 3 } as const, 'version', 'another VRRP version than ours; two masters follow'],
  ])('refuses %j and says what follows from it', (different, reason, sentence) => {
    expect(receive(sent(different))).toBeUndefined();
    expect(ours.counters).toEqual({ [`refused ${reason}`]: 1 });
    expect(notices).toEqual([`advertisement from 192.0.2.9 not listened to: ${sentence}`]);
  });

  it('listens to another list of addresses, with a warning (RFC 9568 §7.1) [A38+ B45+]', () => {
    const virtualAddresses = [{ address: PEER, prefixLength: 32, interface: 'eth0', scope: 0 }];
    expect(receive(sent({ virtualAddresses }))?.event.priority).toBe(150);
    expect(ours.counters).toEqual({ 'advertisements received': 1, 'warned address-list': 1 });
    expect(notices).toEqual([
      'advertisement from 192.0.2.9 listened to all the same: other virtual addresses than ours: ' +
        'compare virtual_ipaddress of both nodes',
    ]);
  });

  it('logs a repeated refusal once a minute and counts all of them [A40+ B43+]', () => {
    const bad = sent({ authentication: { type: 'PASS', password: 'other' } });
    for (let second = 0; second < 120; second++) receive(bad, 'eth0', later(NOW, seconds(second)));
    expect(ours.counters).toEqual({ 'refused password': 120 });
    expect(notices.length).toBe(2);
  });

  describe('of unicast checksums as of old keepalived', () => {
    const to = (address: typeof PEER) => ({ version: 3, unicastPeers: [{ address, minTtl: 0, maxTtl: 255 }] }) as const;
    const unicast = to(PEER);
    const old = (): Uint8Array => {
      const sender = newRouter(instance({ ...to(US), oldUnicastChecksum: 'always' }), PEER);
      return advertisementPackets(sender, 150)[0]?.packet ?? new Uint8Array();
    };

    it('answers in kind from then on, and says so once', () => {
      ours = router(unicast);
      ours.state = { name: 'Fault', reasons: ['test'] };
      for (let minute = 0; minute < 3; minute++) {
        expect(receive(old(), 'eth0', later(NOW, seconds(61 * minute)))?.event.priority).toBe(150);
      }
      expect(ours.checksumReading).toBe('group-pseudo-header');
      expect(notices).toEqual([
        'advertisement from 192.0.2.9 listened to all the same: a checksum computed over something else than ours ' +
          '(see v3_checksum_as_v2)',
      ]);
    });

    it('does not where that is forbidden: keepalived.conf(5) "old_unicast_checksum"', () => {
      ours = router({ ...unicast, oldUnicastChecksum: 'never' });
      ours.state = { name: 'Fault', reasons: ['test'] };
      expect(receive(old())?.event.priority).toBe(150);
      expect(ours.checksumReading).toBe('pseudo-header');
    });
  });

  it('sends version 3 checksums without pseudo header where that is wanted: keepalived.conf(5) "v3_checksum_as_v2"', () => {
    const message = sent({ version: 3, checksumAsVersion2: true }).subarray(20);
    expect(internetChecksum(message)).toBe(0);
    expect(internetChecksum(sent({ version: 3 }).subarray(20))).not.toBe(0);
  });

  it('a flood of invented senders is one line, and counted [A40-]', () => {
    const flood = (i: number) => `198.51.${i >> 8}.${i & 0xff}` as typeof PEER;
    for (let i = 0; i < 5_000; i++) {
      const [packet] = advertisementPackets(newRouter(instance({ version: 3 }), flood(i)), 150);
      receive(packet?.packet ?? new Uint8Array());
    }
    expect(ours.counters).toEqual({ 'refused version': 5_000 });
    expect(notices.length).toBe(1);
  });

  it('the packet carries what keepalived sends: TTL 255, TOS 0xc0, protocol 112, the list, the password [A02+ A04+ B02+]', () => {
    const bytes = sent();
    expect([bytes[1], bytes[8], bytes[9], bytes.length]).toEqual([0xc0, 255, 112, 20 + 8 + 4 + 8]);
    expect(new TextDecoder().decode(bytes.subarray(32, 38))).toBe('secret');
    expect(bytes.subarray(28, 32).join('.')).toBe(VIP);
  });
});
