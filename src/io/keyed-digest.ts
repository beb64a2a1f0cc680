/** Message authentication codes, by OpenSSL. */
import { createHmac } from 'node:crypto';
import type { KeyedDigest } from '../wire/authentication-header.ts';

/**
 * HMAC-MD5 with a key of up to 64 bytes. RFC 2104.
 * @throws when this host's cryptographic policy (FIPS 140) forbids MD5
 */
export function hmacMd5(key: Uint8Array): KeyedDigest {
  const digest: KeyedDigest = (bytes) => createHmac('md5', key).update(bytes).digest();
  digest(key); // now rather than with the first packet
  return digest;
}
