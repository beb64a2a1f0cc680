import { describe, expect, it } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { seconds } from '../../src/base/time.ts';
import { CommandClient, CommandDesk } from '../../src/daemon/command-desk.ts';
import type { FromHealth } from '../../src/daemon/messages.ts';
import { ScriptRunner } from '../../src/daemon/script-runner.ts';
import type { Ending } from '../../src/io/run-command.ts';

const SCRIPT = { command: ['/usr/local/bin/check'] };

/** Both sides, joined; commands end when they are told to. */
function desk() {
  const commands: { end: (ending: Ending) => void; signals: string[] }[] = [];
  const asked: FromHealth[] = [];
  const runner = new ScriptRunner({
    resolve: ({ command }) => ok({ program: command[0] ?? '', args: [], uid: 0, gid: 0, umask: 0 }),
    start: () => {
      const signals: string[] = [];
      let end: (ending: Ending) => void = () => {};
      const ended = new Promise<Ending>((resolve) => {
        end = resolve;
      });
      commands.push({ end, signals });
      return { pid: 1, ended, signal: (signal) => void signals.push(signal) };
    },
  });
  const server = new CommandDesk(runner, ({ id, outcome }) => client.ended(id, outcome));
  const client = new CommandClient((message) => {
    asked.push(message);
    server.hear(message);
  });
  return { client, server, commands, asked };
}

describe('commands of checkers', () => {
  it('are run by main, and their ends are told', async () => {
    const { client, commands, asked } = desk();
    const first = client.run(SCRIPT, seconds(5), new AbortController().signal);
    const second = client.run(SCRIPT, seconds(5), new AbortController().signal);
    commands[1]?.end({ how: 'killed', signal: 'SIGSEGV' });
    commands[0]?.end({ how: 'exited', status: 3 });
    expect(await first).toEqual({ how: 'exited', status: 3 });
    expect(await second).toEqual({ how: 'failed', reason: 'killed by SIGSEGV' });
    expect(asked[0]).toEqual({ type: 'run-command', id: 1, script: SCRIPT, timeout: seconds(5) });
  });

  it('are ended when nobody waits for them any more', async () => {
    const { client, commands } = desk();
    const controller = new AbortController();
    const run = client.run(SCRIPT, seconds(5), controller.signal);
    controller.abort();
    expect(await run).toEqual({ how: 'aborted' });
    expect(commands[0]?.signals).toEqual(['SIGTERM']);
    commands[0]?.end({ how: 'killed', signal: 'SIGTERM' });
  });

  it('are not run when nobody waits from the start', async () => {
    const { client, commands } = desk();
    expect(await client.run(SCRIPT, seconds(5), AbortSignal.abort())).toEqual({ how: 'aborted' });
    expect(commands).toEqual([]);
  });

  it('are all ended when the health process is gone', () => {
    const { client, server, commands } = desk();
    void client.run(SCRIPT, seconds(5), new AbortController().signal);
    void client.run(SCRIPT, seconds(5), new AbortController().signal);
    server.stopAll();
    expect(commands.map(({ signals }) => signals)).toEqual([['SIGTERM'], ['SIGTERM']]);
    for (const { end } of commands) end({ how: 'killed', signal: 'SIGTERM' });
  });
});
