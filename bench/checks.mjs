/**
 * What checks of real servers cost: the health process with TCP_CHECKs of ten thousand real servers, every 6 s.
 *
 *   node bench/checks.mjs [REAL-SERVERS] [SECONDS]
 *
 * Prints one JSON object: checks a second as counted by the server, the processor time of one check in microseconds, and the memory
 * of the health process; beside it the processor time of the same connections made by a bare loop in Python's C code, which is
 * nearly all the kernel's. All real servers are addresses of loopback behind one listener.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { serviceEnvironment } from './service-environment.mjs';

const [realServers = 10_000, measuredSeconds = 30] = process.argv.slice(2).map(Number);
const DELAY_LOOP = 6;
const TICKS_PER_SECOND = 100;
const SERVERS_PER_SERVICE = 10;

/** Connects N times at a rate and says what a connection took of the processor. */
const BARE = `
import socket, sys, time, resource, select, struct
port, count, rate = (int(word) for word in sys.argv[1:])
poll = select.epoll(); waiting = {}; started = ended = 0; begin = time.monotonic(); linger = struct.pack('ii', 1, 0)
while ended < count:
    due = min(count, int((time.monotonic() - begin) * rate))
    while started < due:
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        s.connect_ex(('127.0.0.1', port)); poll.register(s, select.EPOLLOUT); waiting[s.fileno()] = s; started += 1
    for fd, _ in poll.poll(0.004): waiting.pop(fd).close(); ended += 1
used = resource.getrusage(resource.RUSAGE_SELF)
print((used.ru_utime + used.ru_stime) * 1e6 / count)
`;

function configuration(port) {
  const lines = [];
  for (let i = 0; i < realServers; i++) {
    const service = Math.floor(i / SERVERS_PER_SERVICE);
    if (i % SERVERS_PER_SERVICE === 0) {
      if (i > 0) lines.push('}');
      lines.push(`virtual_server 10.9.${service >> 8}.${service & 0xff} 80 {`);
      lines.push(`  delay_loop ${DELAY_LOOP}`, '  lb_algo wrr', '  lb_kind NAT', '  protocol TCP');
    }
    lines.push(
      `  real_server 127.1.${i >> 8}.${i & 0xff} ${port} {`,
      '    weight 1',
      '    TCP_CHECK {',
      '      connect_timeout 3',
      '    }',
      '  }',
    );
  }
  return `${lines.join('\n')}\n}\n`;
}

/** utime and stime of a process in microseconds: proc(5). */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}

const memory = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;

/** The health process among the children of the agent. */
const healthOf = (pid) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const isChild = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(pid);
        return isChild && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes('@health');
      } catch {
        return false;
      }
    });

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
let accepted = 0;
const server = createServer({ allowHalfOpen: false }, (socket) => {
  accepted += 1;
  socket.on('error', () => {});
  socket.destroy();
});
server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 });
await once(server, 'listening');
const { port } = server.address();
const file = join(directory, 'bench.conf');
writeFileSync(file, configuration(port));
const program = resolve(import.meta.dirname, '../bin/holdfast');
const agent = spawn(program, ['-n', '-l', '-C', '-f', file, '--run-dir', directory], {
  stdio: ['ignore', 'pipe', 'pipe'],
  env: serviceEnvironment(),
});
try {
  const ready = new Promise((done) => {
    for (const stream of [agent.stdout, agent.stderr]) {
      createInterface({ input: stream }).on('line', (line) => line.includes('Startup complete') && done());
    }
  });
  await ready;
  // the first round has its warm-up behind it
  await wait(DELAY_LOOP * 1.5);
  const pid = healthOf(agent.pid);
  const before = { time: processorTime(pid), accepted, at: performance.now() };
  await wait(measuredSeconds);
  const took = (performance.now() - before.at) / 1000;
  const checks = accepted - before.accepted;
  const perCheck = (processorTime(pid) - before.time) / checks;
  const rate = realServers / DELAY_LOOP;
  const bare = spawn('python3', ['-c', BARE, port, Math.round(rate * 5), Math.round(rate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(bare.stdout, 'data');
  const result = {
    realServers,
    checksPerSecond: Math.round(checks / took),
    wantedPerSecond: Math.round(rate),
    cpuPerCheck_us: Number(perCheck.toFixed(1)),
    bareConnection_us: Number(Number(said).toFixed(1)),
    pss_MiB: Number(memory(pid).toFixed(1)),
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  server.close();
  rmSync(directory, { recursive: true, force: true });
}
