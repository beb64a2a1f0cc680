import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { MAX_TRIES, OUTBOX_LIMIT, Outbox, Unwanted } from '../../src/daemon/outbox.ts';

let delivered: string[];
let said: string[];
/** What the receiver says to each message; undefined: it takes it. */
let answer: (message: string) => Error | undefined | Promise<Error | undefined>;
let outbox: Outbox<string>;

beforeEach(() => {
  vi.useFakeTimers();
  delivered = [];
  said = [];
  answer = () => undefined;
  outbox = new Outbox<string>({
    kind: 'mail',
    deliver: async (message) => {
      const refusal = await answer(message);
      if (refusal) throw refusal;
      delivered.push(message);
    },
    log: (level, event, message) => said.push(`${level} ${event} ${message}`),
  });
});
afterEach(() => vi.useRealTimers());

const pass = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);

describe('Outbox', () => {
  it('delivers in order, one after another', async () => {
    let busy = 0;
    answer = async () => {
      busy += 1;
      expect(busy).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      busy -= 1;
      return undefined;
    };
    for (const message of ['a', 'b', 'c']) outbox.add(message);
    await pass(1);
    expect(delivered).toEqual(['a', 'b', 'c']);
    expect(said).toEqual([]);
  });

  it('tries again after 1, 2, 4 … s, says it once, and says when it works again', async () => {
    answer = () => new Error('connect ECONNREFUSED');
    outbox.add('a');
    outbox.add('b');
    await pass(6.9); // tries at 0, 1 and 3 s
    expect(delivered).toEqual([]);
    expect(said).toEqual([
      'warning mail-failed mail cannot be delivered: connect ECONNREFUSED; trying again, ever more seldom',
    ]);
    answer = () => undefined;
    await pass(0.1); // and at 7 s
    expect(delivered).toEqual(['a', 'b']);
    expect(said[1]).toBe('notice mail-delivered mail can be delivered again');
  });

  it(`gives a message up after ${MAX_TRIES} tries, and goes on with the next one`, async () => {
    answer = (message) => (message === 'a' ? new Error('no') : undefined);
    outbox.add('a');
    outbox.add('b');
    await pass(122); // 1 + 2 + 4 + 8 + 16 + 32 + 60 = 123 s
    expect(delivered).toEqual([]);
    await pass(1);
    expect(delivered).toEqual(['b']);
    expect(said.at(-1)).toBe('warning mail-lost mail: 1 lost meanwhile');
  });

  it('what the receiver does not want is not tried again', async () => {
    answer = (message) => (message === 'a' ? new Unwanted('550 no such user') : undefined);
    outbox.add('a');
    outbox.add('b');
    await pass(0);
    expect(delivered).toEqual(['b']);
    expect(said[0]).toBe('warning mail-failed mail cannot be delivered: 550 no such user; it is lost');
  });

  it(`keeps ${OUTBOX_LIMIT} messages; the oldest that waits goes`, async () => {
    answer = () => new Error('no');
    for (let i = 0; i < OUTBOX_LIMIT + 5; i++) outbox.add(String(i));
    expect(outbox.waiting).toBe(OUTBOX_LIMIT);
    await pass(0);
    answer = () => undefined;
    await pass(1);
    expect(delivered).toHaveLength(OUTBOX_LIMIT);
    expect(delivered[0]).toBe('0'); // was on its way
    expect(delivered[1]).toBe('6');
    expect(said.at(-1)).toBe('warning mail-lost mail: 5 lost meanwhile');
  });

  it('at the end tries once more what waits, and waits for nobody for ever', async () => {
    answer = () => new Error('no');
    outbox.add('a');
    outbox.add('b');
    await pass(0);
    const closing = outbox.close(seconds(3));
    await pass(0);
    await closing;
    expect(said.at(-1)).toBe('warning mail-lost mail: 2 lost when the agent ended');

    answer = () => new Promise(() => {}); // no answer at all
    const stuck = new Outbox<string>({
      kind: 'mail',
      deliver: async (message) => void (await answer(message)),
      log: (level, event, message) => said.push(`${level} ${event} ${message}`),
    });
    stuck.add('c');
    let isClosed = false;
    void stuck.close(seconds(3)).then(() => {
      isClosed = true;
    });
    await pass(2.9);
    expect(isClosed).toBe(false);
    await pass(0.1);
    expect(isClosed).toBe(true);
  });

  it('an empty one ends at once', async () => {
    await outbox.close(seconds(3));
    expect(said).toEqual([]);
  });
});
