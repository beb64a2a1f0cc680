import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/daemon/root.ts';
import { programOf, type ScriptView } from '../../src/daemon/scripts.ts';

const HOST: ScriptView = {
  program(path) {
    if (path === '/ok' || path === 'true') return { isPlain: true, changeableByOthers: false };
    return path === '/shared' ? { isPlain: true, changeableByOthers: true } : undefined;
  },
  hasUser: (name) => name === 'root' || name === 'nobody',
  hasGroup: (name) => name === 'nogroup',
};

const SECURE = 'script_user root\nenable_script_security';

function read(global: string, script: string, instance = '', track = 'track_script {\ncheck\n}') {
  const text = [
    `global_defs {\n${global}\n}`,
    ...(script === '' ? [] : [`vrrp_script check {\n${script}\n}`]),
    'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress { 192.168.4.80 }',
    script === '' ? '' : track,
    `${instance}\n}`,
  ].join('\n');
  const { diagnostics, exitCode } = readConfiguration('x', () => text, { scripts: HOST });
  const said = diagnostics.filter(({ severity }) => severity !== 'note').map(({ message }) => message);
  return { exitCode, said };
}

/** What is only noted of a vrrp_script. */
function noted(script: string, track = 'track_script { check }') {
  const text = `global_defs {\n${SECURE}\n}\nvrrp_script check {\nscript ${script}\n}\nvrrp_instance V {
    interface eth0\nvirtual_router_id 5\nvirtual_ipaddress { 192.168.4.80 }\n${track}\n}`;
  const { diagnostics, exitCode } = readConfiguration('x', () => text, { scripts: HOST });
  return { exitCode, noted: diagnostics.map(({ line, severity, message }) => `${line} ${severity}: ${message}`) };
}

describe('a vrrp_script', () => {
  it('that can run and that nobody else can change is nothing to talk about', () => {
    expect(read(SECURE, 'script "/ok a b"')).toEqual({ exitCode: 0, said: [] });
    expect(read(SECURE, 'script true')).toEqual({ exitCode: 0, said: [] });
  });

  it('that is named without its path, or tracked by nobody, gets a note', () => {
    expect(noted('true')).toEqual({
      exitCode: 0,
      noted: ['6 note: true is found in PATH, which may be another one where the agent runs'],
    });
    expect(noted('/ok', '')).toEqual({
      exitCode: 0,
      noted: ['5 note: no instance or group tracks the vrrp_script check'],
    });
    expect(noted('/ok')).toEqual({ exitCode: 0, noted: [] });
  });

  it('that runs without enable_script_security ends with 6, as in keepalived', () => {
    expect(read('', 'script /ok')).toEqual({
      exitCode: 6,
      said: ['scripts are run without enable_script_security'],
    });
  });

  it('that is not there is disabled', () => {
    expect(read('', 'script "/no a"')).toEqual({
      exitCode: 5,
      said: ['/no is not there or cannot be reached; the script is disabled'],
    });
  });

  it('that others could have changed is disabled where security is asked for', () => {
    expect(read(SECURE, 'script /shared')).toEqual({
      exitCode: 5,
      said: ['others than root could have changed /shared; it is not run'],
    });
  });

  it('without an account to run as is left out, and so is what tracks it', () => {
    expect(read('script_user ghost', 'script /ok')).toEqual({
      exitCode: 5,
      said: [
        'there is no account ghost; scripts without a user of their own are left out',
        'there is no account to run scripts as (script_user, or keepalived_script); it is left out',
        'there is no vrrp_script check; it is not tracked',
      ],
    });
    expect(read('enable_script_security', 'script /ok').exitCode).toBe(5);
    expect(read('enable_script_security', 'script /ok\nuser nobody nogroup')).toEqual({ exitCode: 0, said: [] });
    expect(read('enable_script_security', 'script /ok\nuser nobody ghosts').said[0]).toBe(
      'there is no group ghosts; check is left out',
    );
  });

  it('that only reads a file needs no security', () => {
    expect(read('', 'script "</etc/passwd"')).toEqual({ exitCode: 0, said: [] });
  });
});

describe('a command for an event', () => {
  it('that is not there is told, and keepalived says nothing', () => {
    expect(read('', '', 'notify_master "/no a"')).toEqual({
      exitCode: 0,
      said: ['/no is not there or cannot be reached; the command is not run'],
    });
  });

  it('asks for security when it is there', () => {
    expect(read('', '', 'notify "/ok a"').exitCode).toBe(6);
    expect(read(SECURE, '', 'notify "/ok a"').exitCode).toBe(0);
    expect(read('notify_fifo /run/f\nnotify_fifo_script /ok', '').exitCode).toBe(6);
  });
});

describe('programOf', () => {
  it.each([
    ['/bin/sh -c x', '/bin/sh'],
    ["  '/a b/c' d", '/a b/c'],
    ['"/a b" c', '/a b'],
    ['', ''],
  ])('%j is %j', (command, program) => {
    expect(programOf(command)).toBe(program);
  });
});
