import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { hmacMd5 } from '../../src/io/keyed-digest.ts';

it.each([
  ['0b'.repeat(16), toHex(new TextEncoder().encode('Hi There')), '9294727a3638bb1c13f48ef8158bfc9d'],
  ['aa'.repeat(16), 'dd'.repeat(50), '56be34521d144c88dbb8c733f0e8b3f6'],
])('HMAC-MD5 with the key %s (RFC 2202 §2)', (key, data, expected) => {
  expect(toHex(hmacMd5(fromHex(key))(fromHex(data)))).toBe(expected);
});
