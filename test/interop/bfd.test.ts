/**
 * BFD with holdfast itself, with keepalived and with bfdd of FRR: sessions come up, a virtual router follows them, a
 * neighbour that dies is noticed in Detection Time, and one that ends says so.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findGroup, findUser } from '../../src/io/accounts.ts';
import { Background, until } from '../lab/process.ts';
import { ADDRESS, Pair } from './pair.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');

let pair: Pair;

beforeEach(async () => {
  pair = await Pair.build();
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${pair.report()}\n`);
  await pair.close();
});

const session = (to: string, from: string) => `bfd_instance b1 {
 neighbor_ip ${to}
 source_ip ${from}
 min_rx 50
 min_tx 50
 multiplier 3
}
`;
const router = (extra: string) => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 priority 100
 virtual_ipaddress {
  10.9.0.1
 }
 ${extra}
}
`;
/** keepalived has a BFD process only beside another one. */
const PEER = `${session(ADDRESS.a, ADDRESS.b)}vrrp_instance OTHER {
 interface eth0
 virtual_router_id 99
 virtual_ipaddress {
  10.9.0.2
 }
}
`;

/** The other end of a session. */
interface Peer {
  start(): void;
  /** As a machine that is cut off its power. */
  kill(): Promise<void>;
  /** Whether it takes the session for one that is up. */
  isUp(): Promise<boolean> | boolean;
}

function agentPeer(name: 'holdfast' | 'keepalived'): Peer {
  const agent = pair.agent('b', name, PEER);
  const pattern = name === 'holdfast' ? /BFD session b1 .* is (\w+)/ : /\(b1\) Entering (\w+) state/;
  return {
    start: () => agent.start(),
    kill: () => agent.kill(),
    isUp: () => agent.lines.map((line) => pattern.exec(line)?.[1]).findLast((state) => state !== undefined) === 'Up',
  };
}

/** bfdd, and zebra, which it wants to have beside it. */
function frrPeer(): Peer {
  const directory = join(pair.directory, 'frr');
  mkdirSync(directory);
  chmodSync(pair.directory, 0o755);
  writeFileSync(
    join(directory, 'bfdd.conf'),
    `bfd\n peer ${ADDRESS.a} local-address ${ADDRESS.b}\n  receive-interval 50\n  transmit-interval 50\n !\n!\n`,
  );
  writeFileSync(join(directory, 'zebra.conf'), '');
  chownSync(directory, findUser('frr')?.uid ?? 0, findGroup('frr') ?? 0);
  const socket = join(directory, 'zserv.api');
  const common = ['-z', socket, '--vty_socket', directory, '-P', '0', '--log', 'stdout'];
  const started: Background[] = [];
  const run = (program: string, ...words: readonly string[]) => {
    const [command, args] = pair.command('b', `/usr/lib/frr/${program}`, ...common, ...words);
    started.push(new Background(command, args, () => {}));
  };
  return {
    start: () => {
      run('zebra', '-f', join(directory, 'zebra.conf'), '-i', join(directory, 'zebra.pid'));
      const bfdd = ['-f', join(directory, 'bfdd.conf'), '-i', join(directory, 'bfdd.pid')];
      run('bfdd', ...bfdd, '--bfdctl', join(directory, 'bfdd.sock'));
    },
    kill: async () => {
      for (const one of started) one.signal('SIGKILL');
      await Promise.all(started.map((one) => one.ended));
      started.length = 0;
    },
    isUp: async () => {
      const { stdout } = await pair.exec('b', 'vtysh', '--vty_socket', directory, '-d', 'bfdd', '-c', 'show bfd peers');
      return /Status: up/.test(stdout);
    },
  };
}

const peers: Readonly<Record<string, () => Peer>> = {
  holdfast: () => agentPeer('holdfast'),
  keepalived: () => agentPeer('keepalived'),
  "FRR's bfdd": frrPeer,
};

/** When a line of ours was written: milliseconds since 1970. */
const timeOf = (line: string): number => Date.parse(line.slice(0, line.indexOf(' ')));

it.each(Object.keys(peers))(
  'a session with %s comes up, dies in Detection Time, comes back, and is ended [C02+ C02-]',
  async (name) => {
    const peer = (peers[name] as () => Peer)();
    const ours = pair.agent('a', 'holdfast', session(ADDRESS.b, ADDRESS.a) + router('track_bfd {\n  b1\n }'));
    ours.start();
    // without its neighbour it is out
    await ours.says('(VI_1) Entering FAULT STATE: BFD session b1 is down', 20);
    peer.start();
    await ours.says('BFD session b1 with 192.168.4.6 is Up', 20);
    await until(`${name} has it up`, 20_000, async () => ((await peer.isUp()) ? true : undefined));
    await ours.says('(VI_1) Entering MASTER STATE', 20);

    const since = ours.lines.length;
    const killedAt = Date.now();
    await peer.kill();
    const gone = await ours.says('is Down: nothing was heard of it for Detection Time', 20, since);
    const out = await ours.says('(VI_1) Entering FAULT STATE: BFD session b1 is down', 20, since);
    // 3 x 50 ms from its last packet, and what two busy processors may add
    expect(timeOf(gone) - killedAt).toBeLessThan(150 + 500);
    expect(timeOf(out) - timeOf(gone)).toBeLessThan(100);

    const again = ours.lines.length;
    peer.start();
    await ours.says('BFD session b1 with 192.168.4.6 is Up', 20, again);
    await until(`${name} has it up again`, 20_000, async () => ((await peer.isUp()) ? true : undefined));
    await ours.stop();
    await until(`${name} has heard of the end`, 20_000, async () => ((await peer.isUp()) ? undefined : true));
    await peer.kill();
  },
);

it('weights count, and a reload and a restart keep the session', async () => {
  const neighbour = pair.agent('b', 'holdfast', PEER);
  const ours = pair.agent('a', 'holdfast', session(ADDRESS.b, ADDRESS.a) + router('track_bfd {\n  b1 weight 20\n }'));
  neighbour.start();
  ours.start();
  await ours.says('(VI_1) Changing effective priority from 100 to 120', 20);
  ours.reload(readFileSync(ours.file, 'utf8').replace('min_rx 50', 'min_rx 60'));
  await ours.says('Reload complete', 20);
  const sessionOf = async () => {
    const status = await ours.status();
    return status?.bfd?.[0];
  };
  const before = await until('status shows the session', 10_000, async () => {
    const one = await sessionOf();
    return one?.state === 'Up' ? one : undefined;
  });
  expect(before).toMatchObject({ name: 'b1', neighbour: ADDRESS.b, remoteState: 'Up' });
  const restart = await pair.exec('a', PROGRAM, 'restart', '--run-dir', dirname(ours.file));
  expect(restart).toMatchObject({ code: 0 });
  // the new process counts from zero: it is that one which hears
  const after = await until('the session is heard by the new process', 20_000, async () => {
    const one = await sessionOf();
    return (one?.counters.received ?? 0) > 20 ? one : undefined;
  });
  expect(after).toMatchObject({ state: 'Up', since: before.since });
  expect(neighbour.lines.filter((line) => /BFD session b1 .* is (Down|AdminDown)/.test(line))).toEqual([]);
  await ours.stop();
});

it('a BACKUP that has a session with the MASTER takes over when that is lost, and does not wait for advertisements', async () => {
  const [master, backup] = [
    pair.agent('a', 'holdfast', session(ADDRESS.b, ADDRESS.a) + router('').replace('priority 100', 'priority 200')),
    pair.agent('b', 'holdfast', session(ADDRESS.a, ADDRESS.b) + router('')),
  ];
  master.start();
  await master.says('(VI_1) Entering MASTER STATE', 20);
  backup.start();
  await backup.says('(VI_1) Entering BACKUP STATE', 20);
  await backup.says('BFD session b1 with 192.168.4.5 is Up', 20);
  await until('it has heard the MASTER', 20_000, async () => (await backup.status())?.instances[0]?.master);
  const since = backup.lines.length;
  await master.kill();
  const line = await backup.says('Entering MASTER STATE: BFD has lost 192.168.4.5, which advertised ', 20, since);
  // Master_Down_Interval is 3.6 s
  expect(Number(/advertised ([\d.]+) s ago/.exec(line)?.[1])).toBeLessThan(3);
  await backup.stop();
});
