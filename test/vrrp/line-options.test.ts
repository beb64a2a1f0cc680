/** What is documented of lines is what is read of them. */
import { expect, it } from 'vitest';
import { OPTIONS as ADDRESS } from '../../src/vrrp/address-keywords.ts';
import { addressOptions } from '../../src/vrrp/line-options.ts';
import { OPTIONS as ROUTE } from '../../src/vrrp/route-keywords.ts';
import { routeOptions, ruleOptions } from '../../src/vrrp/route-options.ts';
import { OPTIONS as RULE } from '../../src/vrrp/rule-keywords.ts';

it.each([
  ['an address', addressOptions, ADDRESS, []],
  ['a route', routeOptions, ROUTE, ['to']],
  ['a rule', ruleOptions, RULE, []],
])('each word that may stand in %s is documented, and no other', (_what, documented, read, besides) => {
  const words = documented.map(({ word }) => word).sort();
  expect(words).toEqual([...Object.keys(read), ...besides].sort());
});
