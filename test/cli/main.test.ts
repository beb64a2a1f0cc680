/** The program as it is started: what it prints arrives. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-main-'));
const program = join(directory, 'main.mjs');
const configuration = join(directory, 'large.conf');

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/main.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  const server = (n: number) => ` real_server 10.0.${n >> 8}.${n & 255} 80 {\n  weight 1\n }\n`;
  const servers = Array.from({ length: 2000 }, (_, n) => server(n)).join('');
  writeFileSync(configuration, `virtual_server 10.1.0.1 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n${servers}}\n`);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

describe('holdfast', () => {
  it('prints all of a long text into a pipe before it ends', () => {
    const { stdout, status } = spawnSync(
      'sh',
      ['-c', '"$1" "$2" config show "$3" | cat', 'sh', process.execPath, program, configuration],
      { encoding: 'utf8', maxBuffer: 1e8 },
    );
    expect({ status, servers: stdout.match(/^ {4}real_server /gm)?.length, end: stdout.slice(-2) }).toEqual({
      status: 0,
      servers: 2000,
      end: '}\n',
    });
  });

  it('does not complain when nobody reads to the end', () => {
    const { stderr } = spawnSync(
      'sh',
      ['-c', '"$1" "$2" config show "$3" | head -n 1', 'sh', process.execPath, program, configuration],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
  });
});

/** Something of everything that is looked for on a host. */
const ASKS_THE_HOST = `
include other.conf
global_defs {
  script_user nobody_has_this_name
  smtp_server mail.example.org
  notification_email {
    a@example.org
  }
}
vrrp_script chk {
  script "/bin/true"
}
vrrp_instance V {
  interface nowhere0
  virtual_router_id 1
  notify_master "/bin/no_such_program"
  virtual_ipaddress {
    192.0.2.1
  }
  track_script {
    chk
  }
}
virtual_server 192.0.2.1 80 {
  protocol TCP
  lb_algo rr
  lb_kind DR
  real_server 192.0.2.2 80 {
    TCP_CHECK {
    }
  }
}
`;
const NOBODY = '65534';

describe('holdfast -t', () => {
  it('needs no privileges and leaves nothing behind: no file, no folder, no packet', ({ skip }) => {
    skip(
      spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status !== 0,
      'strace is not installed, or may not be used',
    );
    const isRoot = process.getuid?.() === 0;
    const home = mkdtempSync(join(tmpdir(), 'holdfast-home-'));
    const [file, trace] = [join(home, 'keepalived.conf'), join(directory, 'trace')];
    writeFileSync(file, ASKS_THE_HOST);
    for (const folder of [home, directory]) chmodSync(folder, 0o777);
    const before = readdirSync(home);
    const asNobody = isRoot ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'] : [];
    const [command = '', ...words] = [
      ...['strace', '-f', '-o', trace, '-e', 'trace=%file,%network', ...asNobody],
      ...[process.execPath, program, '-t', '-f', file],
    ];
    const { status, stderr } = spawnSync(command, words, {
      encoding: 'utf8',
      cwd: home,
      env: { ...process.env, HOME: home },
    });
    const said = stderr.split('\n').filter((line) => line.includes(file));
    expect({ status, said: said.length > 3, left: readdirSync(home) }).toEqual({ status: 5, said: true, left: before });
    // once the program itself runs
    const calls = readFileSync(trace, 'utf8').split('\n');
    const own = calls.slice(calls.findIndex((call) => call.includes(file)));
    const writing =
      /O_(WRONLY|RDWR|CREAT)|(mkdir|rmdir|unlink|rename|link|symlink|chmod|chown|truncate|mknod)(at2?|at)?\(/;
    const harmless = /\/dev\/(null|tty|pts)|\/proc\/|O_CLOEXEC\) = -1|strace:|readlink/;
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter((call) => writing.test(call) && !harmless.test(call))).toEqual([]);
    const network = /\b(bind|connect|sendto|sendmsg|listen)\(/;
    // the C library asks nscd, if there is one, for names
    expect(own.filter((call) => network.test(call) && !call.includes('nscd'))).toEqual([]);
    rmSync(home, { recursive: true });
  });

  it('reads a pipe once, and shows its lines', () => {
    const { stderr } = spawnSync(
      'bash',
      ['-c', '"$1" "$2" -t -f <(printf "vrrp_instance V {\\n prority 5\\n}\\n")', 'bash', process.execPath, program],
      { encoding: 'utf8' },
    );
    expect(stderr).toContain('    2 |  prority 5\n      |  ^^^^^^^\n');
  });

  it('--json tells everything as data, and --strict fails on notes', () => {
    const file = join(directory, 'note.conf');
    writeFileSync(file, 'global_defs {\r\n}\r\n');
    const run = (...more: string[]) =>
      spawnSync(process.execPath, [program, '-t', '-f', file, ...more], { encoding: 'utf8' });
    expect(run().status).toBe(0);
    expect(run('--strict').status).toBe(5);
    const { stdout, stderr, status } = run('--json');
    expect({ stderr, status, report: JSON.parse(stdout) }).toEqual({
      stderr: '',
      status: 0,
      report: {
        version: 1,
        exitCode: 0,
        file,
        diagnostics: [
          { severity: 'note', file, line: 1, column: 14, length: 1, message: 'lines end in CR LF (Windows); accepted' },
        ],
      },
    });
  });

  it('a log file that is a symbolic link is not written', () => {
    const [file, link] = [join(directory, 'note.conf'), join(directory, 'link')];
    symlinkSync(join(directory, 'target'), link);
    const { status, stderr } = spawnSync(process.execPath, [program, `-t${link}`, '-f', file], { encoding: 'utf8' });
    expect({ status, said: stderr.includes(`cannot write ${link}`) }).toEqual({ status: 1, said: true });
  });
});

describe('holdfast --strict', () => {
  it('does not start with anything to say about the configuration', () => {
    const file = join(directory, 'note.conf');
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, '-n', '--strict', '-f', file, '--run-dir', join(directory, 'run')],
      { encoding: 'utf8' },
    );
    expect({ status, said: stderr.split('\n').at(-2) }).toEqual({
      status: 5,
      said: `holdfast: not started: --strict, and there is something to say about ${file}`,
    });
  });
});
