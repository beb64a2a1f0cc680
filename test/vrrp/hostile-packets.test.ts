/**
 * Ten thousand packets, most of them not meant for us, on every state: codec, admission and state machine in one.
 * A failure prints the seed with which fast-check repeats it.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { centiseconds, seconds } from '../../src/base/time.ts';
import { type AdmissionConfig, admit, type ReceivedPacket } from '../../src/vrrp/admission.ts';
import {
  type Effect,
  INITIALIZE,
  type State,
  type Transition,
  transition,
  type VirtualRouterConfig,
} from '../../src/vrrp/virtual-router.ts';
import { type Advertisement, decodeAdvertisement, encodeAdvertisement, VRRP_GROUP } from '../../src/wire/vrrp.ts';
import { at, backup, config, HIGH_ADDRESS, newMaster, OTHER, T0, US } from './example.ts';
import { admission, pass, VIP, VIP_2, VIP_3 } from './packets.ts';

const states: readonly State[] = [
  INITIALIZE,
  { name: 'Fault', reasons: ['interface-down'] },
  backup(),
  backup({ master: undefined }),
  newMaster(T0),
];
const RUNS = 10_000;

/** Near enough to what fits that a good part is let in. */
const advertisements: fc.Arbitrary<Advertisement> = fc.oneof(
  fc.record({
    version: fc.constant(2 as const),
    vrid: mostly(51, 52),
    priority: fc.constantFrom(0, 1, 99, 100, 101, 254, 255),
    advertisementInterval: mostly(seconds(1), seconds(2)),
    addresses: mostly([VIP, VIP_2], [VIP_2, VIP], [VIP_3], []),
    authentication: mostly(pass('secret12'), pass('guess')),
  }),
  fc.record({
    version: fc.constant(3 as const),
    vrid: mostly(51, 52),
    priority: fc.constantFrom(0, 1, 99, 100, 101, 254, 255),
    advertisementInterval: fc.constantFrom(seconds(1), centiseconds(1), centiseconds(4095)),
    addresses: mostly([VIP, VIP_2], [VIP_2, VIP], [VIP_3], []),
  }),
);

const packets: fc.Arbitrary<ReceivedPacket> = fc
  .record({
    advertisement: advertisements,
    ttl: mostly(255, 254, 1, 0),
    source: fc.constantFrom(OTHER, HIGH_ADDRESS, US),
    destination: mostly(VRRP_GROUP, US),
    damage: seldom(fc.record({ offset: fc.nat(23), mask: fc.integer({ min: 1, max: 255 }) })),
    cut: seldom(fc.nat(24)),
  })
  .map(({ advertisement, ttl, source, destination, damage, cut }) => {
    const bytes = encodeAdvertisement(advertisement, { source, destination });
    const i = damage === null ? -1 : damage.offset % bytes.length;
    if (damage !== null) bytes[i] = (bytes[i] ?? 0) ^ damage.mask;
    const message = decodeAdvertisement(bytes.subarray(0, cut ?? bytes.length), { source, destination });
    return { ttl, source, destination, message };
  });

const routers = fc.record({
  version: fc.constantFrom(2 as const, 3 as const),
  priority: fc.constantFrom(1, 100, 254, 255),
  preemptMode: fc.boolean(),
});

/** What the election does with a packet: refused, it is not even an event. */
function receive(router: VirtualRouterConfig, checks: AdmissionConfig, state: State, packet: ReceivedPacket) {
  const admitted = admit(checks, packet);
  if (!admitted.ok) return { admitted, after: undefined };
  const { priority, source, advertisementInterval } = admitted.value;
  const after = transition(
    router,
    state,
    { type: 'advertisement', priority, source, advertisementInterval },
    at(500_000),
  );
  return { admitted, after };
}

describe(`${RUNS} packets`, () => {
  it('let in only what has our VRID, version, TTL, destination, secret and is not from us; the rest is refused', () => {
    let lettingIn = 0;
    fc.assert(
      fc.property(packets, routers, fc.constantFrom(...states), (packet, different, state) => {
        const router = config(different);
        const checks = admission({
          version: router.version,
          authentication: { type: 'PASS', password: 'secret12' },
        });
        const before = JSON.stringify(state);
        const { admitted, after } = receive(router, checks, state, packet);
        expect(JSON.stringify(state)).toBe(before); // never changed in place
        expect(admitted.ok).toBe(isForUs(router, packet));
        if (after === undefined) return;
        lettingIn += 1;
        expectOnlyWhatAPacketMayDo(state, after);
      }),
      { numRuns: RUNS },
    );
    expect(lettingIn).toBeGreaterThan(RUNS / 20);
    expect(lettingIn).toBeLessThan(RUNS / 2);
  });

  it('of noise are refused without an exception (whatever their bytes)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(255), (bytes, ttl) => {
        const header = { source: OTHER, destination: VRRP_GROUP };
        const packet = { ...header, ttl, message: decodeAdvertisement(bytes, header) };
        expect(admit(admission(), packet).ok).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });
});

/** The requirements of RFC 3768 §7.1 once more, without an order. */
function isForUs(router: VirtualRouterConfig, packet: ReceivedPacket): boolean {
  if (!packet.message.ok) return false;
  const { advertisement } = packet.message.value;
  const ours =
    advertisement.version === 3 ||
    (advertisement.advertisementInterval === seconds(1) &&
      advertisement.authentication?.type === 'PASS' &&
      new TextDecoder().decode(advertisement.authentication.data) === 'secret12');
  const facts: IpAddress[] = [packet.source, packet.destination];
  return (
    ours &&
    packet.ttl === 255 &&
    !facts.includes(US) &&
    advertisement.vrid === 51 &&
    advertisement.version === router.version
  );
}

/** A packet makes nobody Master, wakes up nobody, and makes nobody speak but the Master. */
function expectOnlyWhatAPacketMayDo(state: State, after: Transition): void {
  const types = after.effects.map((effect: Effect) => effect.type);
  switch (state.name) {
    case 'Initialize':
    case 'Fault':
      expect(after).toEqual({ state, effects: [] });
      return;
    case 'Backup':
      expect(after.state.name).toBe('Backup');
      expect(types.filter((type) => type !== 'discard')).toEqual([]);
      return;
    case 'Master':
      expect(['Master', 'Backup']).toContain(after.state.name);
      expect(types.includes('release-addresses')).toBe(after.state.name === 'Backup');
      expect(types).not.toContain('take-addresses');
      return;
  }
}

/** Null in four cases of five. */
function seldom<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** The first value in nine cases of ten. */
function mostly<Value>(usual: Value, ...rest: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rest) });
}
