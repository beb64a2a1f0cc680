/**
 * Damaged and enormous files: nothing breaks, nothing takes long, nothing is refused without a word.
 * FUZZ_SEED=n repeats a run, FUZZ_COUNT=n makes it longer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/daemon/root.ts';
import { complaint } from './complaint.ts';
import { mutate, randomFrom } from './mutation.ts';
import { read } from './reading.ts';

const ROOT = join(import.meta.dirname, '../..');
const SEED = Number(process.env.FUZZ_SEED ?? 20260813);
const COUNT = Number(process.env.FUZZ_COUNT ?? 10_000);
/** Far more than any takes; a file that hangs takes for ever. */
const LONGEST_MS = 2000;

const NOISE_MS = 150;

const originals = ['test/config/seeds', 'test/config/grammar', 'config'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.conf'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
);

describe('damaged files', () => {
  it(`${COUNT} of them, seed ${SEED}, are read without harm`, { timeout: 120_000 }, () => {
    const random = randomFrom(SEED);
    const pick = () => originals[Math.floor(random() * originals.length)] ?? '';
    const harmed: { text: string; why: string }[] = [];
    for (let i = 0; i < COUNT && harmed.length === 0; i++) {
      const text = mutate(pick(), pick(), random);
      let why: string | undefined;
      try {
        const startedAt = performance.now();
        why = complaint(text);
        const took = performance.now() - startedAt;
        if (took > LONGEST_MS) why ??= `took ${took} ms`;
      } catch (error) {
        why = String((error as Error).stack);
      }
      if (why !== undefined) harmed.push({ text, why });
    }
    expect(harmed).toEqual([]);
  });

  it('random bytes are read without harm', () => {
    const random = randomFrom(SEED + 1);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: 400 }, () => Math.floor(random() * 256));
      expect(() => readConfiguration('x', () => bytes)).not.toThrow();
    }
  });
});

describe('enormous files', () => {
  const service = (i: number) =>
    `virtual_server 10.0.${i >> 8}.${i & 255} 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n real_server 10.1.0.1 80 {\n  TCP_CHECK {\n   retry 2\n  }\n }\n}\n`;
  const repeated = (n: number, piece: (i: number) => string) => Array.from({ length: n }, (_, i) => piece(i)).join('');

  it.each([
    ['virtual servers', 300, (n: number) => repeated(n, service)],
    [
      'real servers of one service',
      600,
      (n: number) =>
        `virtual_server 10.0.0.1 80 {\n${repeated(n, (i) => `real_server 10.${i >> 16}.${(i >> 8) & 255}.${i & 255} 80 {\n}\n`)}}\n`,
    ],
    ['different unknown words', 3000, (n: number) => repeated(n, (i) => `word${i} x\n`)],
    [
      'blocks that are never closed',
      3000,
      (n: number) => repeated(n, (i) => `vrrp_instance V${i} {\n interface eth0\n`),
    ],
    ['opening braces', 20_000, (n: number) => '{'.repeat(n)],
    ['closing braces', 20_000, (n: number) => '}'.repeat(n)],
    ['words of one line', 100_000, (n: number) => `router_id ${'x '.repeat(n)}`],
    ['blocks of one line', 5000, (n: number) => 'a{b}'.repeat(n)],
    ['quotation marks', 30_000, (n: number) => '"'.repeat(n)],
    ['unusual blanks', 30_000, (n: number) => '\u00a0'.repeat(n)],
  ])('ten times the %s take at most twelve times as long', { timeout: 60_000, retry: 2 }, (_name, n, make) => {
    // What other programs take does not count.
    const fastest = (text: string) =>
      Math.min(
        ...[1, 2, 3, 4].map(() => {
          const before = process.cpuUsage();
          read(text);
          return process.cpuUsage(before).user / 1000;
        }),
      );
    const once = fastest(make(n));
    const tenTimes = fastest(make(10 * n));
    // A quadratic reader would take a hundred times as long; the rest is for the collector and for other programs.
    expect(tenTimes).toBeLessThanOrEqual(12 * once + NOISE_MS);
  });
});
