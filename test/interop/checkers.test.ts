/** Each checker against the server that it is for, as Debian delivers it; and the agent with all of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import type { CheckerKind, CheckIo, CheckResult } from '../../src/checks/checker.ts';
import type { Page, TimedChecker, WebChecker } from '../../src/checks/checker-config.ts';
import { checkerKind } from '../../src/checks/index.ts';
import { checkIo } from '../../src/daemon/check-io.ts';
import { encodeQuery } from '../../src/wire/dns.ts';
import { common, HEALTHY, never, page, webChecker } from '../checks/example.ts';
import { Background, run, until } from '../lab/process.ts';
import { PROGRAM } from './holdfast.ts';
import { HOST, RealServers } from './real-servers.ts';

const TLS = join(import.meta.dirname, '../support/tls');
const LOOPBACK = HOST as IpAddress;
const SECRET = 'open-sesame';
const STARTING_MS = 60_000;

let servers: RealServers;
let io: CheckIo;
const ports = { http: 0, https: 0, smtp: 0, dns: 0, redis: 0, postgresql: 0, mysql: 0, ldap: 0 };

/** Asks once. */
const check = (config: TimedChecker): Promise<CheckResult> =>
  (checkerKind(config.kind) as CheckerKind).check(config, io, never, 0);
const web = (different: Partial<Page>, more: Partial<WebChecker> = {}) =>
  check(webChecker('HTTP_GET', LOOPBACK, ports.http, { pages: [page(different)], ...more }));

const smtp = () => ({ kind: 'SMTP_CHECK', ...common(LOOPBACK, ports.smtp), heloName: 'checker.example.org' }) as const;
const dns = (name: string, recordType: 'SOA' | 'A') =>
  ({ kind: 'DNS_CHECK', ...common(LOOPBACK, ports.dns), name, recordType }) as const;
const redis = (account: object) => ({ kind: 'REDIS_CHECK', ...common(LOOPBACK, ports.redis), ...account }) as const;
const postgresql = () =>
  ({ kind: 'PGSQL_CHECK', ...common(LOOPBACK, ports.postgresql), user: 'holdfast', database: 'holdfast' }) as const;
const mysql = (user: string) => ({ kind: 'MYSQL_CHECK', ...common(LOOPBACK, ports.mysql), user }) as const;
const ldap = (bindDn: string, password: string) =>
  ({ kind: 'LDAP_CHECK', ...common(LOOPBACK, ports.ldap), bindDn, password }) as const;

/** Waits for a server that is starting. */
const whenHealthy = (what: string, config: () => TimedChecker) =>
  until(`${what} is healthy`, STARTING_MS, async () =>
    (await check(config())).outcome === 'healthy' ? true : undefined,
  );

beforeAll(async () => {
  servers = new RealServers();
  io = checkIo(async () => ({ how: 'aborted' }), { authority: join(TLS, 'authority.pem') });
  ports.mysql = await servers.mariadb();
  ports.postgresql = await servers.postgresql();
  [ports.http, ports.https] = await servers.nginx(join(TLS, 'server.key'), join(TLS, 'server.pem'));
  ports.smtp = await servers.exim();
  ports.dns = await servers.unbound();
  ports.redis = await servers.redis(SECRET);
  ports.ldap = await servers.slapd(SECRET);
  await whenHealthy('nginx', () => webChecker('HTTP_GET', LOOPBACK, ports.http));
  await whenHealthy('exim', smtp);
  await whenHealthy('unbound', () => dns('', 'SOA'));
  await whenHealthy('redis', () => redis({ password: SECRET }));
  await whenHealthy('postgresql', postgresql);
  await whenHealthy('mariadb', () => mysql('holdfast'));
  await whenHealthy('slapd', () => ldap('', ''));
}, 120_000);

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${servers.lines.join('\n')}\n`);
});

afterAll(() => servers.close());

describe('HTTP_GET and SSL_GET with nginx', () => {
  it('find status codes, texts and virtual hosts as they are', async () => {
    expect(await web({ path: '/', statusCodes: [[200, 200]] })).toEqual(HEALTHY);
    expect(await web({ path: '/missing' })).toEqual({ outcome: 'unhealthy', reason: '/missing: status 404' });
    const pattern = {
      expression: 'from www\\.example\\.org$',
      isUnwanted: false,
      options: [],
      minOffset: 0,
      maxOffset: 0,
    };
    expect(await web({ pattern, virtualHost: 'www.example.org' })).toEqual(HEALTHY);
    expect(await web({ pattern, virtualHost: 'www.example.com' })).toMatchObject({ outcome: 'unhealthy' });
  });

  it.each(['1.0', '1.0C', '1.1'] as const)(
    'find with HTTP %s the digest that keepalived’s genhash gives',
    async (httpProtocol) => {
      const said = execFileSync('genhash', ['-s', HOST, '-p', `${ports.http}`, '-u', '/page.html'], {
        encoding: 'utf8',
      });
      const digest = said.trim();
      expect(await web({ path: '/page.html', digest }, { httpProtocol })).toEqual(HEALTHY);
      expect(await web({ path: '/', digest }, { httpProtocol })).toMatchObject({ outcome: 'unhealthy' });
    },
  );

  it('speak TLS, and verify where they are told to', async () => {
    const secure = (more: Partial<WebChecker>) => check(webChecker('SSL_GET', LOOPBACK, ports.https, more));
    expect(await secure({})).toMatchObject({ outcome: 'healthy', certificateEnd: expect.stringMatching(/^2126-/) });
    expect(await secure({ tlsVerify: true, virtualHost: 'www.example.org' })).toMatchObject({ outcome: 'healthy' });
    expect(await secure({ tlsVerify: true, virtualHost: 'www.example.com' })).toMatchObject({ outcome: 'unhealthy' });
    expect(await check(webChecker('SSL_GET', LOOPBACK, ports.http))).toMatchObject({ outcome: 'unhealthy' });
  });
});

describe('other checkers with their servers', () => {
  it('SMTP_CHECK with exim', async () => {
    expect(await check(smtp())).toEqual(HEALTHY);
  });

  it('DNS_CHECK and UDP_CHECK with unbound', async () => {
    expect(await check(dns('', 'SOA'))).toEqual(HEALTHY);
    expect(await check(dns('www.example.org', 'A'))).toEqual(HEALTHY);
    expect(await check(dns('mail.example.org', 'A'))).toEqual({
      outcome: 'unhealthy',
      reason: 'answer with code 3 (name error)',
    });
    const payload = Buffer.from(encodeQuery({ id: 0x1234, name: 'www.example.org', type: 'A' }) ?? []).toString('hex');
    const udp = (bytes: string) =>
      check({
        kind: 'UDP_CHECK',
        ...common(LOOPBACK, ports.dns),
        payload,
        requireReply: true,
        reply: { bytes, mask: 'ffffff0f' },
        minReplyLength: 12,
        maxReplyLength: 512,
      });
    // the id of the question, a response with recursion desired, RCODE 0
    expect(await udp('12348500')).toEqual(HEALTHY);
    expect(await udp('12348503')).toMatchObject({ outcome: 'unhealthy' });
  });

  it('REDIS_CHECK with redis', async () => {
    expect(await check(redis({ password: SECRET }))).toEqual(HEALTHY);
    expect(await check(redis({ user: 'default', password: SECRET }))).toEqual(HEALTHY);
    expect(await check(redis({}))).toEqual({
      outcome: 'unhealthy',
      reason: "PING: '-NOAUTH Authentication required.', expected +PONG",
    });
    expect(await check(redis({ password: 'wrong' }))).toMatchObject({ outcome: 'unhealthy' });
  });

  it('PGSQL_CHECK with PostgreSQL, and it is no other server', async () => {
    expect(await check(postgresql())).toEqual(HEALTHY);
    expect(await check({ ...postgresql(), connectPort: ports.redis, connectTimeout: seconds(1) })).toMatchObject({
      outcome: 'unhealthy',
    });
  });

  it('MYSQL_CHECK with MariaDB, which never shuts us out for it', async () => {
    // it would after three connections that end too early
    for (let i = 0; i < 10; i++) expect(await check(mysql('holdfast'))).toEqual(HEALTHY);
    expect(await check({ ...mysql('holdfast'), connectPort: ports.smtp })).toMatchObject({ outcome: 'unhealthy' });
  });

  it('LDAP_CHECK with slapd', async () => {
    const admin = 'cn=admin,dc=example,dc=org';
    expect(await check(ldap('', ''))).toEqual(HEALTHY);
    expect(await check(ldap(admin, SECRET))).toEqual(HEALTHY);
    expect(await check(ldap(admin, 'wrong'))).toEqual({
      outcome: 'unhealthy',
      reason: 'bind: result 49 (invalidCredentials)',
    });
  });
});

describe('the agent', () => {
  const lines: string[] = [];
  let agent: Background;
  let runDirectory: string;
  let file: string;
  let drain: string;

  const checks = async () => {
    const outcome = await run(PROGRAM, ['status', '--json', '--run-dir', runDirectory]);
    if (outcome.code !== 0) return undefined;
    const [service] = JSON.parse(outcome.stdout).virtualServers;
    if (service === undefined) return undefined; // the health process has not answered
    return new Map<string, { healthy: boolean; checks: { kind: string; healthy: boolean | null; reason?: string }[] }>(
      service.realServers.map((one: { id: string }) => [one.id, one]),
    );
  };

  beforeAll(async () => {
    runDirectory = servers.folder('run');
    drain = servers.write('drain', '0\n');
    const script = join(servers.directory, 'check.sh');
    writeFileSync(script, '#!/bin/sh\nid -un > "$1"; exit 0\n', { mode: 0o755 });
    mkdirSync(join(servers.directory, 'out'), { mode: 0o777 });
    execFileSync('chmod', ['777', join(servers.directory, 'out')]);
    const server = (port: number, text: string) => `real_server ${HOST} ${port} {\n weight 1\n ${text}\n}\n`;
    const times = 'delay_loop 1\n warmup 0\n retry 0\n';
    file = servers.write(
      'agent.conf',
      `track_file drain {\n file ${drain}\n weight 0\n}
virtual_server 192.0.2.80 80 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 ${server(1, `HTTP_GET {\n ${times} connect_port ${ports.http}\n url {\n path /\n status_code 200\n }\n }`)}
 ${server(2, `SSL_GET {\n ${times} connect_port ${ports.https}\n url {\n path /\n }\n }`)}
 ${server(3, `SMTP_CHECK {\n ${times} connect_port ${ports.smtp}\n }`)}
 ${server(4, `DNS_CHECK {\n ${times} connect_port ${ports.dns}\n }`)}
 ${server(5, `UDP_CHECK {\n ${times} connect_timeout 1\n connect_port ${ports.dns}\n }`)}
 ${server(6, `PING_CHECK {\n ${times} }`)}
 ${server(7, `MISC_CHECK {\n ${times} misc_path "${script} ${servers.directory}/out/user"\n user nobody\n }`)}
 ${server(8, 'FILE_CHECK {\n track_file drain\n }')}
 ${server(9, `REDIS_CHECK {\n ${times} connect_port ${ports.redis}\n password "${SECRET}"\n }`)}
 ${server(10, `PGSQL_CHECK {\n ${times} connect_port ${ports.postgresql}\n }`)}
 ${server(11, `MYSQL_CHECK {\n ${times} connect_port ${ports.mysql}\n }`)}
 ${server(12, `LDAP_CHECK {\n ${times} connect_port ${ports.ldap}\n }`)}
 ${server(13, `TCP_CHECK {\n ${times} connect_port ${ports.http}\n }`)}
}
`,
    );
    const words = ['-n', '-l', '-D', '-C', '-f', file, '--run-dir', runDirectory];
    agent = new Background(PROGRAM, words, (line) => lines.push(line));
  });

  afterEach((context) => {
    if (context.task.result?.state === 'fail') process.stderr.write(`${lines.join('\n')}\n`);
  });

  afterAll(async () => {
    agent.signal('SIGTERM');
    await agent.ended;
  });

  it('finds all of them healthy, each by its checker', async () => {
    const found = await until('all checks have succeeded', STARTING_MS, async () => {
      const all = [...((await checks()) ?? new Map()).values()];
      return all.length === 13 && all.every((one) => one.checks[0]?.healthy === true) ? all : undefined;
    });
    expect(found.map((one) => one.checks.map(({ kind }: { kind: string }) => kind).join())).toEqual([
      'HTTP_GET',
      'SSL_GET',
      'SMTP_CHECK',
      'DNS_CHECK',
      'UDP_CHECK',
      'PING_CHECK',
      'MISC_CHECK',
      'FILE_CHECK',
      'REDIS_CHECK',
      'PGSQL_CHECK',
      'MYSQL_CHECK',
      'LDAP_CHECK',
      'TCP_CHECK',
    ]);
    // the command was run, as the user that it names
    expect(readFileSync(join(servers.directory, 'out/user'), 'utf8')).toBe('nobody\n');
  });

  it('takes a server out by the number in a file, and puts it back', async () => {
    const healthy = async () => (await checks())?.get(`${HOST}:8`)?.healthy;
    writeFileSync(drain, '1\n');
    await until('it is out', STARTING_MS, async () => ((await healthy()) === false ? true : undefined));
    writeFileSync(drain, '0\n');
    await until('it is back', STARTING_MS, async () => ((await healthy()) === true ? true : undefined));
  });

  it('sees a server go, and no other with it', async () => {
    await servers.stop('slapd');
    const all = await until('LDAP_CHECK fails', STARTING_MS, async () => {
      const now = await checks();
      return now?.get(`${HOST}:12`)?.healthy === false ? now : undefined;
    });
    expect(all.get(`${HOST}:12`)?.checks[0]?.reason).toBe('connect: ECONNREFUSED');
    expect([...all.values()].filter((one) => !one.healthy)).toHaveLength(1);
  });
});
