import { describe, expect, it } from 'vitest';
import { type Cancellation, Canceller } from '../../src/base/cancellation.ts';

describe('Canceller', () => {
  it('tells its listeners once, and not those that have left', () => {
    const canceller = new Canceller();
    const told: string[] = [];
    const leaves = () => void told.push('leaves');
    canceller.addEventListener('abort', () => void told.push('stays'));
    canceller.addEventListener('abort', leaves);
    canceller.removeEventListener('abort', leaves);
    expect(canceller.aborted).toBe(false);
    canceller.abort();
    canceller.abort();
    canceller.addEventListener('abort', () => void told.push('late'));
    expect([canceller.aborted, told]).toEqual([true, ['stays']]);
  });

  it('tells those that are left when the first has left, in their order', () => {
    const canceller = new Canceller();
    const told: string[] = [];
    const listeners = ['a', 'b', 'c', 'd'].map((name) => () => void told.push(name));
    for (const listener of listeners) canceller.addEventListener('abort', listener);
    for (const listener of [listeners[0], listeners[2]]) if (listener) canceller.removeEventListener('abort', listener);
    canceller.abort();
    expect(told).toEqual(['b', 'd']);
  });

  it('is used as an AbortSignal is', () => {
    const signals: Cancellation[] = [new Canceller(), new AbortController().signal];
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });
});
