import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardKeeper } from '../../src/daemon/guard-keeper.ts';
import type { GuardExit, GuardProcess } from '../../src/daemon/guard-process.ts';

interface FakeGuard {
  ready(name: string): void;
  end(exit: GuardExit): Promise<void>;
}

let guards: FakeGuard[];
let electionRuns: boolean;
let said: string[];
let keeper: GuardKeeper;

function fakeGuard(onReady: (name: string) => void): GuardProcess {
  let resolve: (exit: GuardExit) => void = () => {};
  const ended = new Promise<GuardExit>((done) => {
    resolve = done;
  });
  guards.push({
    ready: onReady,
    end: async (exit) => {
      resolve(exit);
      await vi.advanceTimersByTimeAsync(0);
    },
  });
  return {
    pid: guards.length,
    ended,
    kill: () => resolve({ type: 'died', how: 'SIGKILL' }),
  } as unknown as GuardProcess;
}

const guard = (n: number): FakeGuard => guards[n] as FakeGuard;

beforeEach(() => {
  vi.useFakeTimers();
  guards = [];
  said = [];
  electionRuns = true;
  keeper = new GuardKeeper(
    {
      onReady: (name) => {
        if (electionRuns) said.push(`ready ${name}`);
        return electionRuns;
      },
      onExecuted: () => said.push('executed'),
      log: (level, event, message) => said.push(`${level} ${event}: ${message}`),
    },
    fakeGuard,
  );
});

afterEach(() => vi.useRealTimers());

describe('GuardKeeper', () => {
  it('starts a guard with the election, and tells the election its name once', () => {
    keeper.electionStarted();
    guard(0).ready('0001a');
    keeper.electionStarted();
    expect(guards).toHaveLength(1);
    expect(said).toEqual(['ready 0001a']);
  });

  it('says what the guard did, and has the next one ready before the next election', async () => {
    keeper.electionStarted();
    guard(0).ready('a');
    electionRuns = false;
    await guard(0).end({ type: 'executed', line: 'the election process is gone' });
    guard(1).ready('b');
    electionRuns = true;
    keeper.electionStarted();
    expect(said).toEqual([
      'ready a',
      'error guard-acted: the guard acted: the election process is gone',
      'executed',
      'ready b',
    ]);
  });

  it('starts another one a second after it was killed, and says so', async () => {
    keeper.electionStarted();
    await guard(0).end({ type: 'died', how: 'SIGKILL' });
    expect(said).toEqual(['warning guard-died: the guard died (SIGKILL); starting another one in 1 s']);
    await vi.advanceTimersByTimeAsync(999);
    expect([guards.length, keeper.pid]).toEqual([1, undefined]);
    await vi.advanceTimersByTimeAsync(1);
    expect([guards.length, keeper.pid]).toEqual([2, 2]);
  });

  it('ends with the agent: the one that was dismissed, and the one that nobody spoke to', async () => {
    keeper.electionStarted();
    const stopped = keeper.stop();
    await vi.advanceTimersByTimeAsync(500);
    await stopped;
    await vi.advanceTimersByTimeAsync(5000);
    expect([guards.length, said]).toEqual([1, []]);
  });

  it('does not start another one while the agent stops', async () => {
    keeper.electionStarted();
    await guard(0).end({ type: 'died', how: 'SIGKILL' });
    await keeper.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(guards).toHaveLength(1);
  });
});
