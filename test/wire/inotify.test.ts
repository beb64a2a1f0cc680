import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.ts';
import { decodeInotifyEvents } from '../../src/wire/inotify.ts';
import { inotifyVectors } from '../../src/wire/inotify.vectors.ts';

describe('inotify', () => {
  it.each(inotifyVectors)('$name', ({ bytes, value }) => {
    expect(decodeInotifyEvents(fromHex(bytes))).toEqual(value);
  });

  it('leaves out what is not whole, whatever it says of its length', () => {
    const [{ bytes, value }] = inotifyVectors as [(typeof inotifyVectors)[0]];
    const whole = fromHex(bytes);
    for (let length = 0; length < whole.length; length++) {
      const events = decodeInotifyEvents(whole.subarray(0, length));
      expect(events).toEqual(value.slice(0, events.length));
      expect(events.length).toBeLessThan(value.length);
    }
    expect(decodeInotifyEvents(fromHex('01000000 00010000 00000000 ffffffff 70'))).toEqual([]);
  });
});
