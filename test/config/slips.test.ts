/** What is said about words that are nearly right. */
import { expect, it } from 'vitest';
import { lengthOfMask, slipIn, slipInKeyword } from '../../src/config/slips.ts';
import { read } from './reading.ts';

const isNumber = (text: string) => /^[0-9]+$/.test(text);
const isKeyword = (text: string) => text === 'priority' || text === 'advert_int';

it.each([
  ['100;', 'write 100'],
  ['１０', "write 10: '１' is not the plain sign"],
  ['=10', 'write 10'],
  ['5s', 'write the number alone: 5, not 5s'],
  ['300ms', 'write the number alone: 300, not 300ms'],
  ['abc', undefined],
  ['10', undefined],
  ['-10', undefined],
])('%s where a number should be', (text, said) => expect(slipIn(text, isNumber)).toBe(said));

it.each([
  ['priority=100', 'write priority 100: a blank stands between a keyword and its value'],
  ['priority：100', 'write priority 100: a blank stands between a keyword and its value'],
  ['priority:', 'write priority'],
  ['–advert_int', 'write advert_int, without the dash'],
  ['other=1', undefined],
])('%s where a keyword should be', (text, said) => expect(slipInKeyword(text, isKeyword)).toBe(said));

it('a netmask is told from an address', () => {
  expect(
    ['255.255.255.0', '255.255.240.0', '255.255.255.255', '10.0.0.1', '255.0.255.0', 'x'].map(lengthOfMask),
  ).toEqual([24, 20, 32, undefined, undefined, undefined]);
});

it('so it is said in a file', () => {
  const text =
    'vrrp_instance V {\n interface eth0\n virtual_router_id 5;\n priority=100\n virtual_ipaddress {\n  10.0.0.1 255.255.255.0\n  10.0.0.2/255.255.0.0\n  10.0.0.3;\n }\n}\n';
  expect(read(text).diagnostics.flatMap(({ suggestion }) => suggestion ?? [])).toEqual([
    'write 5',
    'write priority 100: a blank stands between a keyword and its value',
    'for the netmask 255.255.255.0 write 10.0.0.1/24',
    'for the netmask 255.255.0.0 write 10.0.0.2/16',
    'write 10.0.0.3',
  ]);
});
