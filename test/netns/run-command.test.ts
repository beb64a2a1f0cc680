/** Commands as real processes: who they are, what they have, and that nothing of them stays. Needs root. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { ScriptRunner } from '../../src/daemon/script-runner.ts';
import { findUser } from '../../src/io/accounts.ts';
import { type Command, startCommand } from '../../src/io/run-command.ts';
import { until } from '../lab/process.ts';

let directory: string;
let out: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-command-'));
  chmodSync(directory, 0o755);
  out = join(directory, 'out');
  writeFileSync(out, '');
  chmodSync(out, 0o666);
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A script of these lines, as root without arguments unless said otherwise. */
function scriptOf(lines: string, more: Partial<Command> = {}, mode = 0o755): Command {
  const program = join(directory, 'script.sh');
  writeFileSync(program, lines);
  chmodSync(program, mode);
  return { program, args: [], uid: 0, gid: 0, umask: 0o177, ...more };
}
const said = () => readFileSync(out, 'utf8');
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/State:\tZ/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('a command', () => {
  it('gets its arguments as they are', async () => {
    const script = scriptOf(`#!/bin/sh\nfor a in "$@"; do echo "<$a>" >> ${out}; done\nexit 7\n`, {
      args: ['a b', "it's", '', '$HOME'],
    });
    expect(await startCommand(script).ended).toEqual({ how: 'exited', status: 7 });
    expect(said()).toBe("<a b>\n<it's>\n<>\n<$HOME>\n");
  });

  it('has nothing to read or write, and no open file of ours', async () => {
    const running = startCommand(scriptOf('#!/bin/sh\nsleep 300\n'));
    const files = await until('the shell waits', 5_000, () => {
      const folder = `/proc/${running.pid}/fd`;
      // 10: the script, as the shell reads it
      if (!existsSync(`${folder}/10`)) return undefined;
      return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
    });
    // what this test itself got from whoever runs it may be there too
    const opened = files.filter((file) => !file.startsWith('pipe:')).sort();
    expect(opened).toEqual(['/dev/null', '/dev/null', '/dev/null', join(directory, 'script.sh')]);
    running.signal('SIGKILL');
    expect(await running.ended).toEqual({ how: 'killed', signal: 'SIGKILL' });
  });

  it('is the user and the group that it was told, and in no other group', async () => {
    const nobody = findUser('nobody');
    if (nobody === undefined) throw new Error('there is no account nobody');
    const script = scriptOf(`#!/bin/sh\necho $(id -u) $(id -g) $(id -G) >> ${out}\n`, nobody);
    await startCommand(script).ended;
    await startCommand({ ...script, gid: 4 }).ended;
    await startCommand({ ...script, uid: 0, gid: 0 }).ended;
    expect(said()).toBe(`${nobody.uid} ${nobody.gid} ${nobody.gid}\n${nobody.uid} 4 4\n0 0 0\n`);
  });

  it('makes files for nobody else, and the mask of the agent stays', async () => {
    const ours = process.umask();
    await startCommand(scriptOf(`#!/bin/sh\numask >> ${out}\n`)).ended;
    expect(said()).toBe('0177\n');
    expect(process.umask()).toBe(ours);
  });

  it('has signals as the system has them, whatever the agent ignores', async () => {
    const ignore = () => {};
    process.on('SIGUSR1', ignore);
    process.on('SIGPIPE', ignore);
    await startCommand(scriptOf(`#!/bin/sh\ngrep -E 'Sig(Blk|Ign)' /proc/self/status >> ${out}\n`)).ended;
    process.off('SIGUSR1', ignore);
    process.off('SIGPIPE', ignore);
    expect(said()).toMatch(/^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  });

  it('without #! in its first line is read by /bin/sh', async () => {
    expect(await startCommand(scriptOf(`echo $1 >> ${out}; exit 3\n`, { args: ['x'] })).ended).toEqual({
      how: 'exited',
      status: 3,
    });
    expect(said()).toBe('x\n');
  });

  it('says why it cannot run', async () => {
    const reasonOf = async (command: Command) => {
      const ending = await startCommand(command).ended;
      return ending.how === 'not-started' ? ending.reason : ending;
    };
    const absent = 'it is not there, or the program that its first line names is not there';
    expect(await reasonOf(scriptOf('', { program: '/nonexistent/x' }))).toBe(absent);
    expect(await reasonOf(scriptOf('#!/nonexistent/sh\n'))).toBe(absent);
    expect(await reasonOf(scriptOf('#!/bin/sh\n', {}, 0o644))).toBe('it may not be executed by this user');
    expect(await reasonOf(scriptOf('#!/bin/sh\n', { uid: 65534, gid: 65534 }, 0o700))).toBe(
      'it may not be executed by this user',
    );
    expect(await reasonOf(scriptOf('#!/bin/sh\n', { program: '/etc/passwd/x' }))).toBe(
      'a part of its path is no directory',
    );
    expect(await reasonOf(scriptOf('#!/bin/sh\n', { args: ['a\0b'] }))).toContain('null bytes');
  });

  it('that a signal ended says which', async () => {
    expect(await startCommand(scriptOf('#!/bin/sh\nkill -SEGV $$\n')).ended).toEqual({
      how: 'killed',
      signal: 'SIGSEGV',
    });
  });
});

describe('a time limit', () => {
  it('ends the whole process group, also what ignores SIGTERM', async () => {
    const runner = new ScriptRunner({
      resolve: () => ({
        ok: true,
        value: scriptOf(
          `#!/bin/sh\n(trap '' TERM; echo $$ > ${out}.1; exec sleep 300) &\necho $! > ${out}.2\nsleep 300\n`,
        ),
      }),
      start: startCommand,
    });
    const run = runner.run({ command: ['x'] }, seconds(0.5));
    const outcome = await run.ended;
    expect(outcome.ending).toEqual({ how: 'timed-out', after: seconds(0.5) });
    const left = Number(readFileSync(`${out}.2`, 'utf8'));
    await until('the group is gone', 2_000, () => (isAlive(left) ? undefined : true));
  });

  it('lets what a script started in the background live on when the script itself has ended', async () => {
    const script = scriptOf(`#!/bin/sh\nsleep 300 &\necho $! >> ${out}\n`);
    expect(await startCommand(script).ended).toEqual({ how: 'exited', status: 0 });
    const pid = Number(said());
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});
