/**
 * Blocks that say the same letter by letter are read once. Nobody can tell: what comes of them, and what is said about each and
 * where, is the same as if every one had been read for itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Report } from '../../src/config/diagnostics.ts';
import { wholeText } from '../../src/config/source.ts';
import { parse } from '../../src/config/tree.ts';
import { type ReadOutcome, readConfigurationTree, rootKeywords } from '../../src/daemon/root.ts';
import { mutate, randomFrom } from './mutation.ts';
import { read, said } from './reading.ts';

const ROOT = join(import.meta.dirname, '../..');
const SEED = Number(process.env.FUZZ_SEED ?? 20261130);
const COUNT = Number(process.env.FUZZ_COUNT ?? 2000);

const originals = ['test/config/seeds', 'test/config/grammar', 'config'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.conf'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .filter((text) => /real_server\s+\S+/.test(text)),
);

/** Each block read for itself. */
function readApart(text: string): ReadOutcome {
  const { configuration, diagnostics, exitCode } = readConfigurationTree('test.conf', () => text);
  return { configuration, diagnostics, exitCode };
}

/** Written as people do not usually write: lines that are not plain, braces behind words, parameters. */
function unusual(text: string, random: () => number): string {
  const lines = text.split('\n').flatMap((line) => {
    switch (Math.floor(random() * 24)) {
      case 0:
        return [`${line} // x`];
      case 1:
        return [`${line} é`];
      case 2:
        return [line.replace(/[0-9][0-9.]*/, '"$&"')];
      case 3:
        return [line.replace(/ [0-9]+$/, ' $N')];
      case 4:
        return [line.replace(/\{\s*$/, '{ weight 3')];
      case 5:
        return [line.replace(/(\S+) (\S+)$/, '$1 $2 }')];
      case 6:
        return [line, '# comment'];
      case 7:
        return [line.replace(/\{/, '\n{')];
      default:
        return [line];
    }
  });
  const joined = lines.join('\n').replace(/\n[ \t]*\}/g, (end) => (random() < 0.1 ? ' }' : end));
  return `$N=7\n${joined}`;
}

/** Each real server four times, at different addresses. */
function crowded(text: string): string {
  const blocks = text.split(/^(?=[ \t]*real_server\s)/m);
  return blocks
    .map((block, n) => {
      const end = endOf(block);
      if (n === 0 || end < 0) return block;
      const own = block.slice(0, end);
      const others = [1, 2, 3].map((i) =>
        own.replace(
          /(real_server\s+)\S+/,
          `$1${n % 2 ? '10.9' : 'fd00:'}${n % 2 ? '.' : ':'}${n}${n % 2 ? '.' : ':'}${i}`,
        ),
      );
      return [own, ...others].join('\n') + block.slice(end);
    })
    .join('');
}

/** Behind the brace that closes the first block of a text; -1: there is none. */
function endOf(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return -1;
}

const service = (...lines: string[]) =>
  ['virtual_server 10.0.0.1 80 {', 'protocol TCP', 'lb_algo wrr', 'lb_kind TUN', ...lines, '}', ''].join('\n');

const servers = (addresses: readonly string[], ...inside: string[]) =>
  addresses.flatMap((address) => [`real_server ${address} {`, ...inside, '}']);

describe('blocks that say the same', () => {
  it(`${COUNT} files, seed ${SEED}: as if each were read for itself`, { timeout: 120_000 }, () => {
    const random = randomFrom(SEED);
    const pick = () => originals[Math.floor(random() * originals.length)] ?? '';
    for (let i = 0; i < COUNT; i++) {
      const whole = crowded(pick());
      const written = random() < 0.5 ? whole : unusual(whole, random);
      const text = random() < 0.6 ? written : mutate(written, pick(), random);
      expect(read(text), `seed ${SEED}, file ${i}:\n${text}`).toEqual(readApart(text));
    }
  });

  it('have what was read of the first of them', () => {
    const text = service(...servers(['10.0.0.2 80', '10.0.0.3 80', '10.0.0.4 80'], 'weight 3', 'TCP_CHECK {', '}'));
    const [one, ...others] = read(text).configuration.virtualServers[0]?.realServers ?? [];
    expect(others.map(({ settings }) => settings === one?.settings)).toEqual([true, true]);
    expect(said(text)).toEqual([]);
  });

  it('are there with their own lines for those who look at the tree', () => {
    const text = service(...servers(['10.0.0.2 80', '10.0.0.3 80'], 'weight 3', 'TCP_CHECK {', 'retry 2', '}'));
    const [tree] = parse([wholeText('a.conf', 1, text)], rootKeywords, new Report(), { sharesBlocks: true });
    const lines = tree?.block?.slice(3).map(({ keyword, args, block }) => ({
      at: `${keyword.line} ${args.map((word) => word.text).join(' ')}`,
      inside: block?.map((inner) => [inner.keyword.line, inner.keyword.text, inner.args[0]?.text, inner.block?.length]),
    }));
    expect(lines).toEqual([
      {
        at: '5 10.0.0.2 80',
        inside: [
          [6, 'weight', '3', undefined],
          [7, 'TCP_CHECK', undefined, 1],
        ],
      },
      {
        at: '11 10.0.0.3 80',
        inside: [
          [12, 'weight', '3', undefined],
          [13, 'TCP_CHECK', undefined, 1],
        ],
      },
    ]);
  });

  it.each<[string, ...string[]]>([
    ['in lines that are not plain', '$A=1', 'notify_up /bin/true } // end', 'notify_up /bin/true }'],
    ['with what is wrong in them', '$A=1', 'uthreshold x } // end', 'uthreshold x }', 'uthreshold x }'],
    ['that end in another line than they begin with a parameter', '$W=3', 'weight $W }', 'weight 7 }'],
  ])('are not those %s', (_, definition, ...ends) => {
    const blocks = ends.flatMap((end, i) => [`real_server 10.0.0.${i + 2} 80 {`, end]);
    const text = `${definition}\n${service(...blocks)}`;
    expect(read(text)).toEqual(readApart(text));
    const more = `${definition}\n${service(...blocks.map((line) => line.replace(/10\.0\.0\.2/, '$A')))}`;
    expect(read(more)).toEqual(readApart(more));
  });

  it('of one line each that is not plain take nothing from the lines around them', () => {
    const inside = ['"10.0.0.2"', '10.0.0.3', '10.0.0.4'].map((address) => `real_server ${address} { weight 3 }`);
    const text = service(inside[0] ?? '', inside[1] ?? '', 'quorum 2', inside[2] ?? '', 'hysteresis 1');
    const [server] = read(text).configuration.virtualServers;
    expect([server?.realServers.length, server?.quorum, server?.hysteresis]).toEqual([3, 2, 1]);
    const open = service(...[2, 3].map((n) => `real_server "10.0.0.${n}" 80 { weight 3 }`)).replace(/\}\n$/, '');
    expect(read(open)).toEqual(readApart(open));
    expect(read(open).exitCode).toBe(5);
  });

  it('of an empty check in a definition are not every check', () => {
    const definition = ['$RS=\\', ' real_server $IP 80 {\\', ' TCP_CHECK {\\', ' }\\', ' }', ''].join('\n');
    const check = ['real_server 10.0.0.9 80 {', 'TCP_CHECK { connect_timeout 9 }', '}'];
    const text = definition + service('$IP=10.0.0.8', '$RS', ...check);
    for (const one of [text, text.replace(/\}\n$/, '')]) expect(read(one)).toEqual(readApart(one));
    const [, second] = read(text).configuration.virtualServers[0]?.realServers ?? [];
    expect(second?.settings.checkers).toMatchObject([{ connectTimeout: 9_000_000 }]);
  });

  it('are each complained about where they stand', () => {
    const check = ['UDP_CHECK {', 'min_reply_length 9', 'max_reply_length 3', '}'];
    expect(said(service(...servers(['10.0.0.2 80', '10.0.0.3 80', '10.0.0.4 80'], ...check)))).toEqual(
      [7, 13, 19].map((line) => expect.stringMatching(new RegExp(`^${line}:1 warning: min_reply_length 9 is more`))),
    );
    const wrong = said(service(...servers(['10.0.0.2 80', '10.0.0.3 80'], 'uthreshold x')));
    expect(wrong.map((one) => one.split(' ')[0])).toEqual(['6:12', '9:12']);
  });

  it('mean something else where their server is another: families, ports, link-local addresses', () => {
    const check = ['TCP_CHECK {', 'bindto 10.0.0.9', '}'];
    const text = service(...servers(['10.0.0.2 80', 'fd00::2 80', '10.0.0.3 80', 'fd00::3 80'], ...check));
    expect(said(text)).toEqual(
      [12, 22].map((line, i) =>
        expect.stringMatching(new RegExp(`^${line}:8 error: bindto: 10.0.0.9 is not of the family of fd00::${i + 2};`)),
      ),
    );
    const linkLocal = service(...servers(['fd00::2 80', 'fe80::2 80', 'fd00::3 80'], 'TCP_CHECK {', '}'));
    expect(said(linkLocal)).toEqual([
      expect.stringMatching(/^10:1 error: fe80::2 is reached through one interface only/),
    ]);
    const portless = read(service(...servers(['10.0.0.2 80', '10.0.0.3 8080', '10.0.0.4'], 'TCP_CHECK {', '}')));
    const ports = portless.configuration.virtualServers[0]?.realServers.map(({ port, settings: { checkers } }) => [
      port,
      ...checkers.map((one) => ('connectPort' in one ? one.connectPort : undefined)),
    ]);
    expect(ports).toEqual([
      [80, undefined],
      [80, 8080],
      [80, undefined],
    ]);
  });
});
