/** Virtual interfaces that not every kernel has, on the lab's, in a network namespace of this test's own process. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import { RouteNetlink } from '../../src/io/route-netlink.ts';

const run = (command: string) => execFileSync('ip', command.split(' '), { encoding: 'utf8' });

describe('virtual interfaces on a kernel with ipvlan', () => {
  it('an ipvlan has its mode', async () => {
    native().unshare(CLONE_NEWNET);
    run('link add v0 type veth peer name v1');
    const route = RouteNetlink.open();
    try {
      const lower = native().interfaceIndex('v0');
      await route.createLink({ name: 'ipv51', lower, kind: { type: 'ipvlan', mode: 'l2', flag: 'bridge' } });
      expect(run('-details link show ipv51')).toMatch(/ipv51@v0: [\s\S]*ipvlan +mode l2 bridge/);
    } finally {
      route.close();
      run('link delete v0');
    }
  });
});
