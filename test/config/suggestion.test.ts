import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance, nearestWord } from '../../src/config/suggestion.ts';
import { rootKeywords } from '../../src/daemon/root.ts';
import { vrrpInstanceKeywords } from '../../src/vrrp/keywords.ts';

describe('distance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['weight', 'weight', 0],
    ['weigth', 'weight', 1],
    ['wieght', 'weight', 1],
    ['weiht', 'weight', 1],
    ['connet_port', 'connect_port', 1],
    ['SMTP_CHEKC', 'SMTP_CHECK', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s to %s is %i', (a, b, expected) => {
    expect(distance(a, b)).toBe(expected);
  });

  it('is symmetric and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('nearestWord', () => {
  const words = [...vrrpInstanceKeywords.found.keys()];

  it.each([
    ['nterface', 'interface'],
    ['prioriti', 'priority'],
    ['advert_init', 'advert_int'],
    ['virtual_ipadress', 'virtual_ipaddress'],
    ['State', 'state'],
    ['no_preempt', 'nopreempt'],
  ])('%s was meant to be %s', (given, meant) => {
    expect(nearestWord(given, words)).toBe(meant);
  });

  it('finds the misspelt blocks of the top level', () => {
    expect(nearestWord('vvrp_script', rootKeywords.found.keys())).toBe('vrrp_script');
    expect(nearestWord('virtual_sever', rootKeywords.found.keys())).toBe('virtual_server');
  });

  it.each(['banana', 'x', '', 'wieght', '10.0.0.1', 'a'.repeat(1000)])('%s was meant to be nothing', (given) => {
    expect(nearestWord(given, words)).toBeUndefined();
  });

  it('prefers the same letters, then the same beginning', () => {
    expect(nearestWord('form', ['fork', 'from'])).toBe('from');
    expect(nearestWord('abcd', ['xbcd', 'abcx'])).toBe('abcx');
  });
});
