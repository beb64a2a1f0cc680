/** `holdfast ipvs` beside ipvsadm, on the same kernel and the same table. */
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from './cluster.ts';

const PROGRAM = resolve('bin/holdfast');

let cluster: Cluster | undefined;

afterEach(() => cluster?.close());

const TABLE = [
  `-A -t ${VIRTUAL_IP}:80 -s wrr`,
  `-a -t ${VIRTUAL_IP}:80 -r 192.168.4.200:80 -g -w 2`,
  `-a -t ${VIRTUAL_IP}:80 -r 192.168.4.100:80 -g -w 65535`,
  '-A -t 10.0.0.1:443 -s sh -b sh-port -p 100 -M 255.255.0.0',
  '-a -t 10.0.0.1:443 -r 10.9.9.9:443 -i -x 1000 -y 500',
  '-a -t 10.0.0.1:443 -r 9.9.9.9:8443 -m -w 0',
  '-A -u 10.20.30.41:5060 -s rr -o',
  '-A -u 10.20.30.42:5060 -s rr -p 60 --pe sip',
  '-A --sctp-service 10.20.30.43:99 -s lc',
  '-A -t [fd00:1234:5678:9abc::15]:443 -s mh -b mh-port,mh-fallback',
  '-a -t [fd00:1234:5678:9abc::15]:443 -r [fd00:1234:5678:9abc:def0:1234:5678:9abc]:443 -g',
  '-A -t [fd00::1]:80 -s rr -p 90 -M 64',
  '-A -f 300 -s nq -b flag-1,flag-3',
  '-a -f 300 -r 127.0.0.1:0 -m',
  '-A -f 7 -6 -s wlc -p',
];

describe('holdfast ipvs', () => {
  it('prints what ipvsadm prints: the table, counters and connections', async () => {
    const built = await Cluster.build('dr');
    cluster = built;
    for (const words of TABLE) {
      const { code, stderr } = await built.exec('director1', 'ipvsadm', ...words.split(' '));
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
    }
    await built.exec('director1', 'ip', 'address', 'add', `${VIRTUAL_IP}/32`, 'dev', 'eth0');
    await built.exec('client', 'curl', '-q', '-s', '-m', '10', `http://${VIRTUAL_IP}/?[1-20]`);
    const both = async (ours: string[], theirs: string[]) => ({
      ours: (await built.exec('director1', PROGRAM, 'ipvs', ...ours)).stdout,
      theirs: (await built.exec('director1', 'ipvsadm', '-L', '-n', ...theirs)).stdout,
    });
    for (const option of [[], ['--stats']]) {
      const { ours, theirs } = await both(option, option);
      expect(ours).toBe(theirs);
    }
    // what changes by the second is compared without it
    const still = (text: string) =>
      text
        .replace(/\d\d:\d\d/g, 'mm:ss')
        .split('\n')
        .sort();
    const connections = await both(['--connections'], ['-c']);
    expect(connections.ours).toContain(`${VIRTUAL_IP}:80`);
    expect(still(connections.ours)).toEqual(still(connections.theirs));
  });
});
