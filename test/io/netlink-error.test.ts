import { describe, expect, it } from 'vitest';
import { NetlinkError } from '../../src/io/netlink-error.ts';
import { SystemError } from '../../src/io/system-error.ts';

describe('NetlinkError', () => {
  it('is a SystemError with the name of its number', () => {
    const error = NetlinkError.answered('adding x', 17);
    expect(error).toBeInstanceOf(SystemError);
    expect(error).toMatchObject({ code: 'EEXIST', errno: -17, syscall: 'netlink', purpose: 'adding x', extended: {} });
    expect(error.message).toBe('adding x: netlink EEXIST: file already exists');
  });

  it('says what the kernel says rather than what the number means', () => {
    const extended = { message: 'ipv4: Address already assigned', offset: 24 };
    const error = NetlinkError.answered('adding x', 17, extended);
    expect(error.message).toBe('adding x: netlink EEXIST: ipv4: Address already assigned');
    expect(error.extended).toEqual(extended);
  });

  it('has a code for numbers without a name too', () => {
    expect(NetlinkError.answered('x', 9999)).toMatchObject({ code: 'E9999', errno: -9999 });
  });

  it('can be made from a name', () => {
    expect(NetlinkError.withCode('x', 'ECANCELED', 'closed')).toMatchObject({
      code: 'ECANCELED',
      errno: -125,
      message: 'x: netlink ECANCELED: closed',
    });
  });
});
