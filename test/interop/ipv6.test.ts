/** holdfast over IPv6: its link-local address, its neighbours, repair. matrix.test.ts has the life of a pair. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../lab/process.ts';
import { INTERVAL, Stage } from './election.ts';
import { LINK_LOCAL } from './pair.ts';

const LOCAL_VIP = 'fe80::15';
const GLOBAL_VIP = '2001:db8::15';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const instanceText = (priority: number, extra = ''): string => `vrrp_instance VI_6 {
 interface eth0
 virtual_router_id 50
 priority ${priority}
 advert_int ${INTERVAL}
 ${extra}
 virtual_ipaddress {
  ${LOCAL_VIP}/64
  ${GLOBAL_VIP}/64
 }
}
`;

const settled = async (side: 'a' | 'b', withinSeconds = 8) => {
  await stage.pair.settled(GLOBAL_VIP, side, withinSeconds);
  await stage.pair.settled(LOCAL_VIP, side, 2);
};

describe('holdfast with IPv6', () => {
  it('waits in FAULT for a link-local address of its own, and goes on when it comes (RFC 5798 §5.1.2.1)', async () => {
    await stage.pair.ip('a', `address del ${LINK_LOCAL.a}/64 dev eth0`);
    const agent = stage.pair.agent('a', 'holdfast', instanceText(150));
    agent.start();
    await agent.says('has no link-local IPv6 address');
    expect(stage.now).toBe(0);
    await stage.pair.ip('a', `address add ${LINK_LOCAL.a}/64 dev eth0`);
    await stage.speaks('a', 0);
  });

  it('puts an address back that somebody removes, without an election (P7)', async () => {
    const agent = stage.pair.agent('a', 'holdfast', instanceText(150));
    agent.start();
    await settled('a');
    await stage.pair.ip('a', `address del ${GLOBAL_VIP}/64 dev eth0`);
    const removedAt = performance.now();
    await until('it is back', 2_000, async () =>
      (await stage.pair.addresses('a')).includes(GLOBAL_VIP) ? true : undefined,
    );
    expect(performance.now() - removedAt).toBeLessThan(1_000);
    expect(agent.states()).toEqual(['BACKUP', 'MASTER']);
  });

  it('tells neighbours the new place: unsolicited, override, with the link-layer address (RFC 5798 §6.4.1) [B17+]', async () => {
    const low = stage.pair.agent('b', 'keepalived', instanceText(100));
    low.start();
    await settled('b');
    // a neighbour that knows the address at b, on the wire between them
    await stage.pair.ip('segment', 'address add 2001:db8::99/64 dev bridge nodad');
    const macOf = async (side: 'a' | 'b') =>
      (JSON.parse((await stage.pair.exec(side, 'ip', '-j', 'link', 'show', 'eth0')).stdout) as { address: string }[])[0]
        ?.address;
    const neighbour = async () => (await stage.pair.exec('segment', 'ip', 'neigh', 'show', GLOBAL_VIP)).stdout;
    const before = (await macOf('b')) ?? '';
    await until('the neighbour knows the old place', 8_000, async () => {
      await stage.pair.exec('segment', 'ping', '-6', '-c', '1', '-W', '1', GLOBAL_VIP);
      return (await neighbour()).includes(before) ? true : undefined;
    });
    const high = stage.pair.agent('a', 'holdfast', instanceText(150));
    high.start();
    await settled('a');
    const mac = await macOf('a');
    await until('the neighbour knows the new place', 3_000, async () =>
      (await neighbour()).includes(mac ?? '') ? true : undefined,
    );
  });

  it('runs beside an IPv4 instance with the same VRID', async () => {
    const text = `${instanceText(150)}vrrp_instance VI_4 {
 interface eth0
 virtual_router_id 50
 version 3
 priority 150
 advert_int ${INTERVAL}
 virtual_ipaddress {
  192.168.4.15/24
 }
}
`;
    const agent = stage.pair.agent('a', 'holdfast', text);
    agent.start();
    await settled('a');
    await stage.pair.settled('192.168.4.15', 'a', 3);
  });
});
