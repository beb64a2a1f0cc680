import { describe, expect, it } from 'vitest';
import { acceptSequenceNumber, FIRST_COUNTER, nextSequenceNumber } from '../../src/vrrp/sequence-number.ts';
import { SEQUENCE_NUMBER_MAX } from '../../src/wire/authentication-header.ts';

describe('sequence numbers of the Authentication Header', () => {
  it('the first packet has number 1 (RFC 2402 §3.3.2)', () => {
    expect(nextSequenceNumber(FIRST_COUNTER)).toBe(1);
  });

  it('a number above the last one is accepted, however far; the same and lower ones are refused (RFC 2402 §3.4.3)', () => {
    expect(acceptSequenceNumber(1000, 1001)).toBe(1001);
    expect(acceptSequenceNumber(1000, 90_000)).toBe(90_000);
    expect(acceptSequenceNumber(1000, 1000)).toBeUndefined();
    expect(acceptSequenceNumber(1000, 999)).toBeUndefined();
  });

  it('who becomes Master goes on after the number of the former one', () => {
    const backup = acceptSequenceNumber(FIRST_COUNTER, 5000) ?? FIRST_COUNTER;
    expect(nextSequenceNumber(backup)).toBe(5001);
  });

  it('the largest number is not followed by 0 (RFC 2402 §3.3.2)', () => {
    expect(nextSequenceNumber(SEQUENCE_NUMBER_MAX - 1)).toBe(SEQUENCE_NUMBER_MAX);
    expect(nextSequenceNumber(SEQUENCE_NUMBER_MAX)).toBe(SEQUENCE_NUMBER_MAX);
  });
});
