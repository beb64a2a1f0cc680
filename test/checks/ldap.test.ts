import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { LdapChecker } from '../../src/checks/checker-config.ts';
import { ldapCheck } from '../../src/checks/ldap.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const configure = (address: IpAddress, port: number, different: Partial<LdapChecker> = {}): LdapChecker => ({
  kind: 'LDAP_CHECK',
  ...common(address, port),
  bindDn: '',
  password: '',
  ...different,
});

const bytes = (hex: string) => Buffer.from(hex.replace(/ /g, ''), 'hex');
/** As OpenLDAP's slapd sends it: bindResponse with success, in short lengths. */
const SUCCESS = bytes('30 0c 02 01 01 61 07 0a 01 00 04 00 04 00');
/** As Active Directory sends it: the same with lengths of four bytes. */
const LONG_SUCCESS = bytes('30 84 00 00 00 10 02 01 01 61 84 00 00 00 07 0a 01 00 04 00 04 00');

const answering =
  (answer: Buffer, heard: Buffer[] = []) =>
  (socket: Socket) => {
    socket.once('data', () => socket.write(answer));
    socket.on('data', (given) => heard.push(Buffer.from(given)));
  };
const check = (answer: Buffer, different: Partial<LdapChecker> = {}, heard: Buffer[] = []) =>
  withServer(LOOPBACK, answering(answer, heard), (port) =>
    ldapCheck.check(configure(LOOPBACK, port, different), realIo, never, 0),
  );

describe('LDAP_CHECK', () => {
  checkerConformance(ldapCheck, { serve: answering(SUCCESS), configure, needsAnswer: true });

  it('binds as nobody, or as it is told (RFC 4511 §4.2)', async () => {
    const heard: Buffer[] = [];
    expect(await check(SUCCESS, {}, heard)).toEqual(HEALTHY);
    expect(heard[0]).toEqual(bytes('30 0c 02 01 01 60 07 02 01 03 04 00 80 00'));
    const named: Buffer[] = [];
    expect(await check(LONG_SUCCESS, { bindDn: 'cn=a', password: 'pw' }, named)).toEqual(HEALTHY);
    expect(named[0]).toEqual(bytes('30 12 02 01 01 60 0d 02 01 03 04 04 63 6e 3d 61 80 02 70 77'));
  });

  it.each([
    ['30 0c 02 01 01 61 07 0a 01 31 04 00 04 00', 'bind: result 49 (invalidCredentials)'],
    ['30 0c 02 01 01 61 07 0a 01 34 04 00 04 00', 'bind: result 52 (unavailable)'],
    ['30 0c 02 01 01 61 07 0a 01 63 04 00 04 00', 'bind: result 99'],
    ['30 0c 02 01 02 61 07 0a 01 00 04 00 04 00', 'an answer to another question'],
    ['30 0c 02 01 01 65 07 0a 01 00 04 00 04 00', 'an answer that is no bindResponse'],
    ['30 05 02 01 01 61 07', 'an answer that ends too early'],
    ['30 05 02 01 01 61 00', 'an answer that ends too early'],
    ['30 85 00 00 00 00 01', 'no answer of LDAP: its length cannot be read'],
    ['30 84 7f ff ff ff', 'an answer of 2147483647 bytes'],
    ['15 03 01 00 02', "no answer of LDAP: '??'"],
  ])('an answer %s is unhealthy: %s', async (answer, reason) => {
    expect(await check(bytes(answer))).toEqual({ outcome: 'unhealthy', reason });
  });
});
