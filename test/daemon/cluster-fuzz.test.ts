/** Damaged files beside whole ones: whatever stands in them, they are compared and shown without a crash. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configText } from '../../src/cli/config-show.ts';
import { checkCluster } from '../../src/daemon/cluster-check.ts';
import { readConfigurationTree } from '../../src/daemon/root.ts';
import { showConfiguration } from '../../src/daemon/shown-configuration.ts';
import { mutate, randomFrom } from '../config/mutation.ts';
import { withPlaces } from '../support/servers.ts';

const ROOT = join(import.meta.dirname, '../..');
const SEED = Number(process.env.FUZZ_SEED ?? 20260813);
const COUNT = Number(process.env.FUZZ_COUNT ?? 1000);

const originals = ['test/config/seeds', 'config'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.conf'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
);

it('findings have places and the same order for any order of files; what is shown is read as the same again', () => {
  const random = randomFrom(SEED);
  const pick = () => originals[Math.floor(random() * originals.length)] ?? '';
  for (let i = 0; i < COUNT; i++) {
    const [whole, damaged] = [pick(), mutate(pick(), pick(), random)];
    const files = [whole, damaged].map((text, n) => {
      const file = `${n}.conf`;
      return { file, outcome: readConfigurationTree(file, () => text) };
    });
    const findings = checkCluster(files);
    expect(checkCluster([...files].reverse()), `seed ${SEED}, file ${i}`).toEqual(findings);
    const odd = findings.filter(
      ({ message, places }) =>
        message.includes('undefined') || places.length === 0 || places.some(({ line }) => line < 1),
    );
    expect(odd, `seed ${SEED}, file ${i}`).toEqual([]);
    const [, second] = files;
    if (second === undefined) continue;
    const shown = configText(showConfiguration(second.outcome));
    const again = readConfigurationTree('shown.conf', () => shown).configuration;
    expect(withPlaces(again), `seed ${SEED}, file ${i}: config show says something else`).toEqual(
      withPlaces(second.outcome.configuration),
    );
  }
}, 240_000);
