import { describe, expect, it } from 'vitest';
import { resolveScript, type ScriptDefaults, type ScriptHost, scriptText } from '../../src/daemon/runnable.ts';
import { findGroup, findUser } from '../../src/io/accounts.ts';
import { commandEnvironment } from '../../src/io/run-command.ts';

const accounts: Record<string, { uid: number; gid: number }> = { www: { uid: 33, gid: 34 }, root: { uid: 0, gid: 0 } };
const host: ScriptHost = {
  self: { uid: 0, gid: 0 },
  findUser: (name) => accounts[name],
  findGroup: (name) => (name === 'adm' ? 4 : undefined),
  findProgram: (name) =>
    name.includes('gone')
      ? undefined
      : {
          path: name.includes('/') ? name : `/usr/bin/${name}`,
          isPlain: name !== '/etc',
          changeableByOthers: name.includes('shared'),
        },
};
const defaults: ScriptDefaults = { isSecure: false, umask: 0o177 };
const secure: ScriptDefaults = { isSecure: true, user: 'www', umask: 0o77 };
const command = (program: string, ...args: string[]) => ({
  ok: true,
  value: { program, args, uid: 0, gid: 0, umask: 0o177 },
});

describe('a script', () => {
  it('runs as the agent itself unless somebody is named', () => {
    expect(resolveScript({ command: ['/bin/x', 'a b'] }, defaults, host)).toEqual(command('/bin/x', 'a b'));
  });

  it('is looked for in PATH when its name has no slash', () => {
    expect(resolveScript({ command: ['killall', '-0', 'nginx'] }, defaults, host)).toEqual(
      command('/usr/bin/killall', '-0', 'nginx'),
    );
  });

  it('runs as its own user, with the group of that user or the one named', () => {
    const as = (uid: number, gid: number) => ({ ok: true, value: { program: '/x', args: [], uid, gid, umask: 0o177 } });
    expect(resolveScript({ command: ['/x'], user: 'www' }, defaults, host)).toEqual(as(33, 34));
    expect(resolveScript({ command: ['/x'], user: 'www', group: 'adm' }, defaults, host)).toEqual(as(33, 4));
  });

  it('runs as script_user, else as keepalived_script where there is such an account', () => {
    const withAccount: ScriptHost = { ...host, findUser: () => ({ uid: 998, gid: 997 }) };
    expect(resolveScript({ command: ['/x'] }, secure, host)).toMatchObject({
      value: { uid: 33, gid: 34, umask: 0o77 },
    });
    expect(resolveScript({ command: ['/x'] }, defaults, withAccount)).toMatchObject({ value: { uid: 998, gid: 997 } });
  });

  it.each([
    [{ command: ['/gone'] }, defaults, '/gone is not there or cannot be reached'],
    [{ command: ['/etc'] }, defaults, '/etc is not a plain file'],
    [{ command: ['/x'], user: 'nemo' }, defaults, 'there is no account nemo'],
    [{ command: ['/x'], user: 'www', group: 'nemo' }, defaults, 'there is no group nemo'],
    [
      { command: ['/shared'] },
      { ...secure, user: 'root' },
      'others than root could have changed /shared, and it would run as root',
    ],
    [
      { command: ['/x'] },
      { isSecure: true, umask: 0 },
      'there is no account to run it as: neither script_user nor keepalived_script',
    ],
  ])('%j is refused with a reason', (script, withDefaults, reason) => {
    expect(resolveScript(script, withDefaults, host)).toEqual({ ok: false, reason });
  });

  it('that others could have changed runs without enable_script_security, and as another user than root', () => {
    expect(resolveScript({ command: ['/shared'] }, defaults, host)).toEqual(command('/shared'));
    expect(resolveScript({ command: ['/shared'] }, secure, host)).toMatchObject({ ok: true, value: { uid: 33 } });
  });

  it('</path only reads the file', () => {
    expect(resolveScript({ command: ['</tmp/up'] }, defaults, host)).toEqual(
      command('/bin/sh', '-c', '< "$1"', 'sh', '/tmp/up'),
    );
  });

  it('is shown as keepalived shows it', () => {
    expect(scriptText({ command: ['/x', 'a b', 'c'] })).toBe(`'/x' 'a b' 'c'`);
    expect(scriptText({ command: ['</tmp/up'] })).toBe('</tmp/up');
  });

  it('does not see what was meant for the agent alone', () => {
    expect(
      commandEnvironment({ PATH: '/bin', FOO: 'bar', NOTIFY_SOCKET: '/run/s', NODE_CHANNEL_FD: '3', LD_PRELOAD: 'x' }),
    ).toEqual({ PATH: '/bin', FOO: 'bar' });
  });
});

describe('accounts', () => {
  const files = {
    read: (database: string) =>
      database === 'passwd' ? 'root:x:0:0::/root:/bin/sh\nwww:x:33:34::/:/bin/false\nbad:x:y:1::/:' : 'adm:x:4:\n',
    ask: (_database: string, name: string) => (name === 'ldap' ? 'ldap:*:5000:5001::/home/ldap:/bin/sh\n' : ''),
  };

  it('come from the files of /etc, and from the name service for what is not there', () => {
    expect(findUser('www', files)).toEqual({ uid: 33, gid: 34 });
    expect(findUser('ldap', files)).toEqual({ uid: 5000, gid: 5001 });
    expect(findGroup('adm', files)).toBe(4);
  });

  it('are refused when nobody has that name, or the entry is damaged', () => {
    for (const name of ['nemo', 'ww', 'bad', '33', '', 'www:x', ':adm']) expect(findUser(name, files)).toBeUndefined();
    expect(findGroup('4', files)).toBeUndefined();
  });
});
