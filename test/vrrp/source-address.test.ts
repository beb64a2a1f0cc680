import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type SourceCandidate, sourceAddress } from '../../src/vrrp/source-address.ts';

const ip = (text: string) => text as IpAddress;
const has = (address: string, more: Partial<SourceCandidate> = {}): SourceCandidate => ({
  address: ip(address),
  secondary: false,
  ...more,
});
const none: ReadonlySet<IpAddress> = new Set();

describe('the source of advertisements', () => {
  it('is the first primary IPv4 address that is not virtual (RFC 5798 §5.1.1.1) [A41+ B05+]', () => {
    const virtual = new Set([ip('192.0.2.15')]);
    const candidates = [
      has('fe80::1'),
      has('192.0.2.15'),
      has('192.0.2.16', { protocol: 18 }),
      has('192.0.2.2', { secondary: true }),
      has('192.0.2.1'),
      has('198.51.100.1'),
    ];
    expect(sourceAddress('inet', candidates, virtual)).toBe('192.0.2.1');
  });

  it('is the first link-local IPv6 address that is not virtual (RFC 5798 §5.1.2.1) [B05+]', () => {
    const virtual = new Set([ip('fe80::15')]);
    const candidates = [has('192.0.2.1'), has('2001:db8::1'), has('fe80::15'), has('fe80::1'), has('fe80::2')];
    expect(sourceAddress('inet6', candidates, virtual)).toBe('fe80::1');
  });

  it('is never tentative, and deprecated only where there is no other', () => {
    const tentative = has('fe80::1', { tentative: true });
    const deprecated = has('fe80::2', { deprecated: true });
    expect(sourceAddress('inet6', [tentative], none)).toBeUndefined();
    expect(sourceAddress('inet6', [tentative, deprecated], none)).toBe('fe80::2');
    expect(sourceAddress('inet6', [tentative, deprecated, has('fe80::3')], none)).toBe('fe80::3');
  });

  it('is undefined where the interface has no address of its own [B05-]', () => {
    expect(sourceAddress('inet', [], none)).toBeUndefined();
    expect(sourceAddress('inet', [has('fe80::1')], none)).toBeUndefined();
    expect(sourceAddress('inet6', [has('2001:db8::1')], none)).toBeUndefined();
  });
});
