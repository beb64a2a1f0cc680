/**
 * The same servers under the checks of keepalived and of holdfast, side by side on a kernel with IPVS: both ask for the same in
 * the same order, take servers out and back by the same answers, and give the same weights.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseIpvsTable } from './cluster.ts';
import { Background, until } from './process.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');
const WAIT_MS = 150_000;
/** keepalived's and ours: the same services on addresses of their own. */
const AGENTS = ['keepalived', 'holdfast'] as const;
type Agent = (typeof AGENTS)[number];
const ADDRESS = { keepalived: '192.0.2.1', holdfast: '192.0.2.2' } as const;
const PORTS = { plain: 80, fast: 81, misc: 82, file: 83, text: 100 } as const;

/** What servers answer to one request after the other, whatever is asked for. Behind it: 200. */
const ANSWERS = [200, 200, 200, 500, 500, 500, 500, 200, 200, 200, 200, 503, 200, 200];
/** Exit statuses of the command, one after the other. Behind it: 0. */
const STATUSES = [0, 12, 12, 1, 22, 2, 255, 0];
const DELAY_LOOP_S = 2;

/** What is looked for in TEXT, as a file has it, and whether it is right. */
const TEXT = 'Hello, world!\nAll is well at 10.0.0.1\r\n';
const LOOKED_FOR: readonly (readonly [string, boolean])[] = [
  ['regex "world"', true],
  ['regex "World"', false],
  ['regex "World"\nregex_options caseless', true],
  ['regex "moon"\nregex_no_match', true],
  ['regex "world"\nregex_no_match', false],
  ['regex "^All"', false],
  ['regex "^All"\nregex_options multiline', true],
  ['regex "world.{2}All"', false],
  ['regex "world.{2}All"\nregex_options dotall', true],
  ['regex "at (\\\\d+\\\\.){3}\\\\d+\\\\R"', true],
  ['regex "[[:upper:]]ll is\\\\h"', true],
  ['regex "w o r l d"\nregex_options extended', true],
  ['regex "(?<l>l)\\\\k<l>o"', true],
  ['regex "l++l"', false],
  ['regex "(?i)ALL"', true],
  // headers count, and offsets begin with them
  ['regex "^HTTP/1.1 200 OK"', true],
  ['regex "Hello"\nregex_min_offset 50', true],
  ['regex "Hello"\nregex_min_offset 1000', false],
  ['regex "world"\nregex_max_offset 50', false],
  ['regex "world"\nregex_max_offset 1000', true],
];

interface Asked {
  readonly path: string;
  readonly status: number;
  /** Whether the server was in the table when it was asked. */
  readonly inTable: boolean;
}

let directory: string;
const lines: string[] = [];
const running: Background[] = [];
const servers: Server[] = [];
const asked = new Map<string, Asked[]>();

/** The weights of the real servers, by the ports of their services; one that is out of the table is not there. */
function weightsOf(agent: Agent): Map<number, number> {
  const table = parseIpvsTable(execFileSync('ipvsadm', ['-Ln'], { encoding: 'utf8' }));
  const ours = table.filter(({ id }) => id.startsWith(`${ADDRESS[agent]}:`));
  return new Map(
    ours.flatMap(({ id, destinations: [server] }) =>
      server === undefined ? [] : [[Number(/:(\d+)\//.exec(id)?.[1]), server.weight]],
    ),
  );
}

/** A web server that answers as planned, and keeps what it was asked. */
async function webServer(agent: Agent, kind: 'plain' | 'fast'): Promise<number> {
  const seen: Asked[] = [];
  asked.set(`${agent} ${kind}`, seen);
  const server = createServer((request, response) => {
    const status = ANSWERS[seen.length] ?? 200;
    seen.push({ path: request.url ?? '', status, inTable: weightsOf(agent).has(PORTS[kind]) });
    response.writeHead(status, { 'content-length': 2, connection: 'close' });
    response.end('ok');
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A web server for TEXT; one for both agents. */
async function textServer(): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': TEXT.length, connection: 'close' });
    response.end(TEXT);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

const service = (
  agent: Agent,
  port: number,
  realPort: number,
  check: string,
) => `virtual_server ${ADDRESS[agent]} ${port} {
 delay_loop ${DELAY_LOOP_S}
 lb_algo wrr
 lb_kind NAT
 protocol TCP
 real_server 127.0.0.1 ${realPort} {
  weight 10
  ${check}
 }
}
`;

async function configure(agent: Agent, text: number): Promise<string> {
  const [plain, fast] = [await webServer(agent, 'plain'), await webServer(agent, 'fast')];
  const web = (more: string) =>
    `HTTP_GET {\n url {\n path /a\n }\n url {\n path /b\n }\n retry 2\n delay_before_retry 1\n warmup 0\n connect_timeout 20\n ${more} }`;
  const command = `${join(directory, 'check.sh')} ${join(directory, agent)} ${ADDRESS[agent]}:${PORTS.misc}`;
  const file = join(directory, 'number');
  const content = [
    'global_defs {\n script_user root\n}\n',
    `track_file number {\n file ${file}\n}\n`,
    service(agent, PORTS.plain, plain, web('')),
    service(agent, PORTS.fast, fast, web('fast_recovery\n')),
    service(
      agent,
      PORTS.misc,
      9,
      `MISC_CHECK {\n misc_path "${command}"\n misc_dynamic\n misc_timeout 30\n delay_loop 6\n warmup 0\n }`,
    ),
    service(agent, PORTS.file, 9, 'FILE_CHECK {\n track_file number\n weight 2\n }'),
    ...LOOKED_FOR.map(([pattern], i) =>
      service(
        agent,
        PORTS.text + i,
        text,
        `HTTP_GET {\n url {\n path /\n ${pattern}\n }\n warmup 0\n alpha\n connect_timeout 20\n }`,
      ),
    ),
  ].join('');
  const path = join(directory, `${agent}.conf`);
  writeFileSync(path, content);
  return path;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-checks-'));
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  writeFileSync(join(directory, 'number'), '0\n');
  const weight = `ipvsadm -Ln -t "$2" | awk '/127.0.0.1/ { print $4; found = 1 } END { if (!found) print "out" }'`;
  writeFileSync(
    join(directory, 'check.sh'),
    `#!/bin/sh\n${weight} >> "$1.weights"\nn=$(wc -l < "$1.weights")\nexit $(echo ${STATUSES.join(' ')} 0 0 0 0 0 0 0 0 | cut -d' ' -f"$n")\n`,
    { mode: 0o755 },
  );
  const port = await textServer();
  const files = { keepalived: await configure('keepalived', port), holdfast: await configure('holdfast', port) };
  const own = (name: string) => join(directory, name);
  const theirs = ['-n', '-l', '-D', '-C', '-f', files.keepalived, '-p', own('k.pid'), '-c', own('kc.pid')];
  const ours = ['-n', '-l', '-D', '-C', '-f', files.holdfast, '--run-dir', directory];
  running.push(new Background('keepalived', theirs, (line) => lines.push(`keepalived: ${line}`)));
  running.push(new Background(PROGRAM, ours, (line) => lines.push(`holdfast: ${line}`)));
});

afterAll(async () => {
  for (const one of running) one.signal('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('keepalived and holdfast', () => {
  it.each(['plain', 'fast'] as const)(
    'ask for the same pages in the same order, and take a server out and back at the same request: %s',
    async (kind) => {
      const [theirs, ours] = await until('all answers are given', WAIT_MS, () => {
        const both = AGENTS.map((agent) => asked.get(`${agent} ${kind}`) ?? []);
        return both.every(({ length }) => length >= ANSWERS.length + 2) ? both : undefined;
      });
      const story = (all: Asked[] = []) =>
        all
          .slice(0, ANSWERS.length + 2)
          .map(({ path, status, inTable }) => `${path} ${status} ${inTable ? 'in' : 'out'}`);
      expect(story(ours)).toEqual(story(theirs));
      expect(new Set(story(theirs).map((one) => one.split(' ')[2]))).toEqual(new Set(['in', 'out']));
    },
  );

  it('find the same in a text', async () => {
    const right = LOOKED_FOR.flatMap(([, isRight], i) => (isRight ? [i] : []));
    const found = (agent: Agent) => {
      const weights = weightsOf(agent);
      return LOOKED_FOR.flatMap((_, i) => (weights.has(PORTS.text + i) ? [i] : []));
    };
    for (const agent of AGENTS) {
      const all = await until(`${agent} has found what is there`, WAIT_MS, () => {
        const now = found(agent);
        return right.every((i) => now.includes(i)) ? now : undefined;
      }).catch(() => found(agent));
      expect(all, agent).toEqual(right);
    }
  });

  it('give the weights that a command says', async () => {
    const weights = (agent: Agent) => {
      const file = join(directory, `${agent}.weights`);
      return existsSync(file)
        ? readFileSync(file, 'utf8')
            .trim()
            .split('\n')
            .slice(0, STATUSES.length + 1)
        : [];
    };
    await until('all commands have run', WAIT_MS, () =>
      AGENTS.every((agent) => weights(agent).length > STATUSES.length) ? true : undefined,
    );
    // as each run finds it, left by the one before
    expect(weights('holdfast')).toEqual(['10', '10', '10', '10', 'out', '20', '0', '253', '10']);
    expect(weights('keepalived')).toEqual(weights('holdfast'));
  });

  it.each([
    ['0', 10],
    ['3', 16],
    ['-2', 6],
    ['-5', 0],
    ['-100', 0],
    ['1', 12],
  ])('give the weight that the number %s in a file says: %i', async (number, weight) => {
    writeFileSync(join(directory, 'number'), `${number}\n`);
    for (const agent of AGENTS) {
      await until(`${agent} gives ${weight}`, WAIT_MS, () =>
        weightsOf(agent).get(PORTS.file) === weight ? true : undefined,
      ).catch((error: Error) => {
        throw new Error(`${error.message}: ${weightsOf(agent).get(PORTS.file)}\n${lines.slice(-20).join('\n')}`);
      });
    }
  });
});
