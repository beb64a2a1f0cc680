import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelSettings } from '../../src/io/kernel-settings.ts';

const RP_FILTER = 'net/ipv4/conf/eth0/rp_filter';
const ARP_IGNORE = 'net/ipv4/conf/eth0/arp_ignore';
const ALL = 'net/ipv4/conf/all/rp_filter';

let root: string;
let settings: KernelSettings;

const put = (path: string, value: string) => writeFileSync(join(root, path), `${value}\n`);
const get = (path: string) => readFileSync(join(root, path), 'utf8').trim();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
  for (const name of ['eth0', 'all']) mkdirSync(join(root, 'net/ipv4/conf', name), { recursive: true });
  put(RP_FILTER, '2');
  put(ARP_IGNORE, '0');
  put(ALL, '1');
  settings = new KernelSettings(undefined, root);
});

afterEach(() => rmSync(root, { recursive: true }));

describe('settings of the kernel', () => {
  it('are set, and put back as they were before the first change', async () => {
    expect(await settings.set(RP_FILTER, 0)).toBe(true);
    expect(await settings.set(RP_FILTER, 1)).toBe(true);
    expect(await settings.set(ARP_IGNORE, 1)).toBe(true);
    expect([get(RP_FILTER), get(ARP_IGNORE)]).toEqual(['1', '1']);
    expect(settings.changed).toEqual([RP_FILTER, ARP_IGNORE]);
    await settings.restore();
    expect([get(RP_FILTER), get(ARP_IGNORE)]).toEqual(['2', '0']);
    expect(settings.changed).toEqual([]);
  });

  it('that are as wanted already are not ours to put back', async () => {
    expect(await settings.set(ARP_IGNORE, 0)).toBe(true);
    put(ARP_IGNORE, '2');
    await settings.restore();
    expect(get(ARP_IGNORE)).toBe('2');
  });

  it('that somebody else has changed since are left alone', async () => {
    await settings.set(RP_FILTER, 0);
    put(RP_FILTER, '1');
    await settings.restore();
    expect(get(RP_FILTER)).toBe('1');
  });

  it('of one interface are put back without the others', async () => {
    await settings.set(RP_FILTER, 0);
    await settings.set(ALL, 0);
    await settings.restore('net/ipv4/conf/eth0/');
    expect([get(RP_FILTER), get(ALL)]).toEqual(['2', '0']);
  });

  it('that are not there are no error, neither before nor after', async () => {
    expect(settings.read('net/ipv4/conf/gone/rp_filter')).toBeUndefined();
    expect(await settings.set('net/ipv4/conf/gone/rp_filter', 0)).toBe(false);
    await settings.set(RP_FILTER, 0);
    rmSync(join(root, 'net/ipv4/conf/eth0'), { recursive: true });
    await settings.restore();
  });

  it('that cannot be written say so, and the others are put back all the same', async () => {
    await settings.set(ARP_IGNORE, 1);
    await settings.set(RP_FILTER, 0);
    rmSync(join(root, RP_FILTER));
    mkdirSync(join(root, RP_FILTER));
    await expect(settings.restore()).rejects.toMatchObject({ code: 'EISDIR', purpose: RP_FILTER });
    expect(get(ARP_IGNORE)).toBe('0');
  });
});
