import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import type { Word } from '../../src/config/lexer.ts';
import * as values from '../../src/config/values.ts';

const word = (text: string): Word => ({ text, quoted: false, file: 'f', line: 1, column: 1, length: text.length });

/** The value of words, or what was complained. */
function reading<T>(type: values.ValueType<T>, ...texts: string[]): { value: T | undefined; said: string[] } {
  const said: string[] = [];
  const value = type.read(texts.map(word), {
    refuse: (_at, problem, suggestion) => {
      said.push(suggestion === undefined ? problem : `${problem}; ${suggestion}`);
      return undefined;
    },
    correct: (_at, message) => {
      said.push(message);
    },
  });
  return { value, said };
}

const accepted = <T>(value: T) => ({ value, said: [] });
const refused = (...said: string[]) => ({ value: undefined, said });

describe('integer', () => {
  it.each([
    ['1', 1],
    ['255', 255],
    ['+5', 5],
    ['05', 5],
  ])('reads %s as decimal', (text, value) => {
    expect(reading(values.integer(1, 255), text)).toEqual(accepted(value));
  });

  it.each(['0', '256', '-1', '0x10', '1.5', '1x', '', '9'.repeat(400), '١'])('refuses %j', (text) => {
    expect(reading(values.integer(1, 255), text)).toEqual(refused(`expected an integer from 1 to 255, got '${text}'`));
  });

  it('corrects what keepalived corrects', () => {
    expect(reading(values.integer(0, 9, { zeroBecomes: 1 }), '0')).toEqual({
      value: 1,
      said: ['0 is not possible, it becomes 1'],
    });
    const clamped = values.integer(1, 99, { clamp: true });
    expect(reading(clamped, '100')).toEqual({ value: 99, said: ['100 is outside 1 to 99, it becomes 99'] });
    expect(reading(clamped, '0')).toEqual({ value: 1, said: ['0 is outside 1 to 99, it becomes 1'] });
    expect(reading(clamped, 'x').value).toBeUndefined();
  });

  it('suggests a blank where a comment is glued to the number', () => {
    expect(reading(values.integer(1, 9), '1//x').said).toEqual([
      "expected an integer from 1 to 9, got '1//x'; put a blank before a comment and start it with #",
    ]);
  });

  it('has no negative zero, which JSON would change', () => {
    expect(Object.is(reading(values.integer(-5, 5), '-0').value, 0)).toBe(true);
  });
});

describe('seconds', () => {
  it.each([
    ['1', 1_000_000],
    ['0.01', 10_000],
    ['.5', 500_000],
    ['2.', 2_000_000],
    ['0.000001', 1],
  ])('reads %s s as %i microseconds', (text, microseconds) => {
    expect(reading(values.decimalSeconds(0.000001, 255), text)).toEqual(accepted(microseconds));
  });

  it.each(['0', '255.1', '-1', '1e3', '.', '1s', ''])('refuses %j', (text) => {
    expect(reading(values.decimalSeconds(0.01, 255), text).value).toBeUndefined();
  });

  it('rounds more than six decimals and says so', () => {
    expect(reading(values.decimalSeconds(0, 9), '1.1234567')).toEqual({
      value: 1_123_457,
      said: ['more than 6 decimals, rounded to 1.123457 s'],
    });
  });

  it('takes whole seconds where keepalived counts in them', () => {
    expect(reading(values.wholeSeconds(0, 4294), '3')).toEqual(accepted(seconds(3)));
    expect(reading(values.wholeSeconds(0, 4294), '1.5')).toEqual(
      refused("expected an integer from 0 to 4294, got '1.5'"),
    );
  });
});

describe('boolean', () => {
  it.each([
    [[], true],
    [['on'], true],
    [['yes'], true],
    [['true'], true],
    [['off'], false],
    [['no'], false],
    [['false'], false],
  ])('reads %j as %s', (texts, value) => {
    expect(reading(values.boolean(), ...texts)).toEqual(accepted(value));
  });

  it.each(['On', 'maybe', '1', 'toString'])('refuses %s', (text) => {
    expect(reading(values.boolean(), text)).toEqual(refused(`expected on, true, yes, off, false or no, got '${text}'`));
  });
});

describe('words out of a list', () => {
  const type = values.oneOf({ PASS: 1, AH: 2 });

  it('are taken as they are written', () => {
    expect(reading(type, 'PASS')).toEqual(accepted(1));
    expect(type.show(2)).toBe('AH');
  });

  it.each([
    ['pass', "expected PASS or AH, got 'pass'; write PASS in capitals"],
    ['PAS', "expected PASS or AH, got 'PAS'; write PASS"],
    ['none', "expected PASS or AH, got 'none'"],
    ['constructor', "expected PASS or AH, got 'constructor'"],
  ])('and %s is not one', (text, message) => {
    expect(reading(type, text)).toEqual(refused(message));
  });
});

describe('addresses', () => {
  it('are canonical', () => {
    expect(reading(values.ipAddress(), 'FD00:0::1')).toEqual(accepted('fd00::1'));
    expect(reading(values.ipAddress({ family: 'inet', multicast: true }), '224.0.0.18')).toEqual(
      accepted('224.0.0.18'),
    );
  });

  it.each([
    [{}, '192.168.4.080', "expected an IP address, got '192.168.4.080'"],
    [
      {},
      'xxx.xxx.xxx.xxx',
      "expected an IP address, got 'xxx.xxx.xxx.xxx'; looks like a placeholder that was not filled in",
    ],
    [
      {},
      'VIP_GOES_HERE',
      "expected an IP address, got 'VIP_GOES_HERE'; looks like a placeholder that was not filled in",
    ],
    [{ family: 'inet' as const }, 'fd00::1', "expected an IPv4 address, got 'fd00::1'"],
    [{ multicast: true as const }, '1.2.3.4', "expected an IP multicast address, got '1.2.3.4'"],
  ])('of %j are not %s', (options, text, message) => {
    expect(reading(values.ipAddress(options), text)).toEqual(refused(message));
  });
});

describe('names and masks', () => {
  it.each(['eth0', 'a234567890bcdef', 'br-1.5'])('%s can be an interface', (name) => {
    expect(reading(values.interfaceName(), name)).toEqual(accepted(name));
  });

  it.each(['a234567890bcdefg', 'eth/0', 'a:1', '.', '', 'lo'])('%j cannot', (name) => {
    expect(reading(values.interfaceName(), name).value).toBeUndefined();
  });

  it.each([
    ['255.255.255.0', { family: 'inet', prefixLength: 24 }],
    ['255.255.255.255', { family: 'inet', prefixLength: 32 }],
    ['0.0.0.0', { family: 'inet', prefixLength: 0 }],
    ['64', { family: 'inet6', prefixLength: 64 }],
    ['0', undefined],
    ['129', undefined],
    ['255.0.255.0', undefined],
  ])('the granularity %s is %j', (text, value) => {
    expect(reading(values.granularity(), text).value).toEqual(value);
  });
});
