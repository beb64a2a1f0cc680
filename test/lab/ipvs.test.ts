/** That the lab is what it claims to be: a kernel with IPVS, and clusters in which each forwarding method works. */

import { afterEach, describe, expect, it } from 'vitest';
import { Cluster, directors, INNER_GATEWAY, type Mode, parseIpvsTable, VIRTUAL_IP } from './cluster.ts';
import { run, until } from './process.ts';

let cluster: Cluster | undefined;

afterEach(() => cluster?.close());

describe('the kernel', () => {
  it('keeps an IPVS service with its destinations, for each network namespace apart', async () => {
    cluster = await Cluster.build('dr');
    await cluster.exec('director1', 'ipvsadm', '-A', '-t', `${VIRTUAL_IP}:80`, '-s', 'wrr');
    const add = ['ipvsadm', '-a', '-t', `${VIRTUAL_IP}:80`];
    await cluster.exec('director1', ...add, '-r', '192.168.4.100:80', '-g', '-w', '1');
    await cluster.exec('director1', ...add, '-r', '192.168.4.200:80', '-i', '-w', '2');

    expect(await cluster.ipvs('director1')).toEqual([
      {
        id: '192.168.4.15:80/TCP',
        scheduler: 'wrr',
        destinations: [
          { id: '192.168.4.100:80', method: 'Route', weight: 1 },
          { id: '192.168.4.200:80', method: 'Tunnel', weight: 2 },
        ],
      },
    ]);
    expect(await cluster.ipvs('director2')).toEqual([]);
  });
});

describe('the cluster', () => {
  const methods: readonly [Mode, string][] = [
    ['dr', '-g'],
    ['nat', '-m'],
    ['tun', '-i'],
  ];

  it.each(methods)('%s: requests to the virtual IP are spread by weight', async (mode, option) => {
    cluster = await Cluster.build(mode);
    const service = ['-t', `${VIRTUAL_IP}:80`];
    await cluster.exec('director1', 'ip', 'address', 'add', `${VIRTUAL_IP}/32`, 'dev', 'eth0');
    if (mode === 'nat') {
      await cluster.exec('director1', 'ip', 'address', 'add', `${INNER_GATEWAY}/24`, 'dev', 'eth1');
    }
    await cluster.exec('director1', 'ipvsadm', '-A', ...service, '-s', 'wrr');
    for (const [name, weight] of [['rs1', '1'] as const, ['rs2', '2'] as const]) {
      const server = ['-r', `${cluster.serverAddress(name)}:80`, '-w', weight];
      await cluster.exec('director1', 'ipvsadm', '-a', ...service, ...server, option);
    }

    const { stdout } = await cluster.exec('client', 'curl', '-q', '-s', '-m', '10', `http://${VIRTUAL_IP}/?[1-9]`);
    expect(stdout.trim().split('\n').sort()).toEqual([...Array(3).fill('rs1'), ...Array(6).fill('rs2')]);
  });

  it('a cut link takes the carrier from one director only, and a restored one gives it back', async () => {
    const built = await Cluster.build('dr');
    cluster = built;
    const carriers = (): Promise<string[]> =>
      Promise.all(
        directors.map(async (name) => (await built.exec(name, 'cat', '/sys/class/net/eth0/carrier')).stdout.trim()),
      );
    const become = (expected: string): Promise<true> =>
      until(`carriers are ${expected}`, 5_000, async () => ((await carriers()).join() === expected ? true : undefined));

    await become('1,1');
    await built.cutLink('director1');
    await become('0,1');
    await built.restoreLink('director1');
    await become('1,1');
  });

  it('leaves no namespace and no process when it is closed', async () => {
    const built = await Cluster.build('dr');
    cluster = built;
    const server = (await built.processes('rs1'))[0] ?? 0;
    built.close();

    const { stdout } = await run('ip', ['netns', 'list']);
    expect(stdout).not.toContain(built.namespaceOf('client').slice(0, -'client'.length));
    await expect(until('the server ends', 5_000, () => isGone(server))).resolves.toBe(true);
  });
});

describe('the reader of ipvsadm -Ln', () => {
  it('reads services of each protocol and forwarding method, and ignores the heading', () => {
    const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.4.15:80 wrr persistent 50
  -> 10.0.0.100:80                Masq    1      0          12
UDP  [fd00::1]:53 rr
`;
    expect(parseIpvsTable(text)).toEqual([
      {
        id: '192.168.4.15:80/TCP',
        scheduler: 'wrr',
        destinations: [{ id: '10.0.0.100:80', method: 'Masq', weight: 1 }],
      },
      { id: '[fd00::1]:53/UDP', scheduler: 'rr', destinations: [] },
    ]);
  });
});

/** True once no process has this id; undefined before. */
function isGone(pid: number): true | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch {
    return true;
  }
}
