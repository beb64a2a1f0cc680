/**
 * How long a configuration takes to be read and checked: `holdfast -t` beside `keepalived -t`, in turn, in one run.
 *
 *   node bench/config-test.mjs [REAL-SERVERS] [ROUNDS]
 *
 * Prints one JSON object: the median wall time of each program in milliseconds, and their ratio. Start-up is included
 * for both.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serviceEnvironment } from './service-environment.mjs';

const [realServers = 10_000, rounds = 5] = process.argv.slice(2).map(Number);
const SERVERS_PER_SERVICE = 100;

/** Services with a hundred real servers each, every one with a check. */
function configuration(count) {
  const lines = [];
  for (let i = 0; i < count; i++) {
    const service = Math.floor(i / SERVERS_PER_SERVICE);
    if (i % SERVERS_PER_SERVICE === 0) {
      if (i > 0) lines.push('}');
      lines.push(`virtual_server 10.0.${service >> 8}.${service & 0xff} 80 {`);
      lines.push('  delay_loop 6', '  lb_algo wrr', '  lb_kind DR', '  protocol TCP');
    }
    lines.push(`  real_server 10.${1 + (i >> 16)}.${(i >> 8) & 0xff}.${i & 0xff} 80 {`, '    weight 1');
    lines.push(
      '    TCP_CHECK {',
      '      connect_timeout 3',
      '      retry 1',
      '      delay_before_retry 1',
      '    }',
      '  }',
    );
  }
  return `${lines.join('\n')}\n}\n`;
}

const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
try {
  const file = join(directory, 'bench.conf');
  const text = configuration(realServers);
  writeFileSync(file, text);
  const programs = {
    holdfast: [resolve(import.meta.dirname, '../bin/holdfast'), '-t', '-f', file],
    keepalived: ['keepalived', '-t', '-f', file],
  };
  const times = { holdfast: [], keepalived: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, [program, ...args]] of Object.entries(programs)) {
      const startedAt = performance.now();
      const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', env: serviceEnvironment() });
      times[name].push(performance.now() - startedAt);
      if (error) throw error;
      if (status !== 0) throw new Error(`${name}: exit status ${status}: ${stderr.slice(0, 500)}`);
    }
  }
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const [ours, theirs] = [median(times.holdfast), median(times.keepalived)];
  const result = {
    bench: 'config-test',
    realServers,
    lines: text.split('\n').length - 1,
    rounds,
    holdfast_ms: Math.round(ours),
    keepalived_ms: Math.round(theirs),
    ratio: Math.round((ours / theirs) * 100) / 100,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(directory, { recursive: true });
}
