import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SOCK_DGRAM } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import { isSystemCallError, SystemError, withPurpose } from '../../src/io/system-error.ts';

const refused = (): unknown => new (native().Socket)(99_999, SOCK_DGRAM, 0);

describe('withPurpose', () => {
  it('gives the error of a system call its purpose and keeps what it says', () => {
    let error: unknown;
    try {
      withPurpose('VRRP socket on eth0', refused);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SystemError);
    const { name, message, code, errno, syscall, purpose, cause } = error as SystemError;
    expect({ name, message, code, errno, syscall, purpose }).toEqual({
      name: 'SystemError',
      message: 'VRRP socket on eth0: socket EAFNOSUPPORT: address family not supported',
      code: 'EAFNOSUPPORT',
      errno: -97,
      syscall: 'socket',
      purpose: 'VRRP socket on eth0',
    });
    expect(cause).toMatchObject({ code: 'EAFNOSUPPORT', message: 'socket EAFNOSUPPORT: address family not supported' });
  });

  it('returns what the call returns, and lets our own mistakes through as they are', () => {
    expect(withPurpose('nothing', () => 7)).toBe(7);
    const mistake = new TypeError('mine');
    const thrown = (): never => {
      throw mistake;
    };
    expect(() => withPurpose('nothing', thrown)).toThrow(mistake);
  });
});

describe('isSystemCallError', () => {
  it("knows the addon's, ours and Node's", async () => {
    const errors: unknown[] = [];
    for (const call of [refused, () => withPurpose('x', refused)]) {
      try {
        call();
      } catch (error) {
        errors.push(error);
      }
    }
    errors.push(
      await new Promise((resolve) => {
        connect({ host: '127.0.0.1', port: 1 }).once('error', resolve);
      }),
    );
    expect(errors.map(isSystemCallError)).toEqual([true, true, true]);
  });

  it('knows that nothing else is one', () => {
    const others = [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }),
      { code: 'EPERM', errno: -1, syscall: 'open' },
      undefined,
      'EPERM',
    ];
    expect(others.map(isSystemCallError)).toEqual([false, false, false, false, false]);
  });
});
