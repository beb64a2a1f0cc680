import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { NETLINK_ROUTE } from '../../src/io/constants.ts';
import type { BatchedRequest } from '../../src/io/netlink-batches.ts';
import { NetlinkError } from '../../src/io/netlink-error.ts';
import { type NetlinkEvent, type NetlinkRequest, NetlinkSocket } from '../../src/io/netlink-socket.ts';
import { SystemError } from '../../src/io/system-error.ts';
import { decodeMessages, encodeMessage, NLM_F_ACK } from '../../src/wire/netlink.ts';
import {
  encodeAddress,
  encodeAddressRequest,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
} from '../../src/wire/rtnetlink.ts';
import { type FakeNetlinkSocket, fakeKernel } from '../support/fake-kernel.ts';

const ip = (text: string) => text as IpAddress;

function open(options: { groups?: number[]; receiveBuffer?: number; aside?: boolean } = {}) {
  const kernel = fakeKernel();
  const eth0 = kernel.route.addLink('eth0');
  const socket = NetlinkSocket.open({ protocol: NETLINK_ROUTE, createSocket: kernel.createSocket, ...options });
  const [fake] = kernel.sockets as [FakeNetlinkSocket];
  const events: NetlinkEvent[] = [];
  socket.onEvent((event) => events.push(event));
  return { kernel, eth0, socket, fake, events };
}

const add = (interfaceIndex: number, address: string, prefixLength = 24): NetlinkRequest => ({
  type: RTM_NEWADDR,
  body: encodeAddress({ family: 'inet', prefixLength, flags: 0, scope: 0, interfaceIndex, local: ip(address) }),
  purpose: `adding ${address}`,
});

const addMany = (interfaceIndex: number, count: number) =>
  Array.from({ length: count }, (_, i) => add(interfaceIndex, `10.0.${i >> 8}.${i & 255}`, 32));

/** The same for a batch. */
const batched = (requests: readonly NetlinkRequest[]): BatchedRequest[] =>
  requests.map((request) => ({ ...request, writeBody: (writer) => writer.add(request.body) }));

const read: NetlinkRequest = { type: RTM_GETADDR, body: encodeAddressRequest(), purpose: 'reading the addresses' };

/** The kernel tells members of the group about an address. */
const announcement = () => ({
  type: RTM_NEWADDR,
  body: encodeAddress({
    family: 'inet',
    prefixLength: 24,
    flags: 0,
    scope: 0,
    interfaceIndex: 2,
    local: ip('192.0.2.9'),
  }),
});

const failure = async (promise: Promise<unknown>): Promise<NetlinkError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
  throw new Error('expected a NetlinkError');
};

describe('NetlinkSocket request', () => {
  it('resolves when the kernel has acknowledged', async () => {
    const { kernel, eth0, socket } = open();
    expect(await socket.request(add(eth0, '192.0.2.1'))).toEqual([]);
    expect(kernel.route.addresses.map((address) => address.local)).toEqual(['192.0.2.1']);
  });

  it('on another thread goes out one after another, and a refused send rejects what it carried', async () => {
    const { kernel, eth0, socket, fake } = open({ aside: true });
    await Promise.all([1, 2, 3].map((host) => socket.request(add(eth0, `192.0.2.${host}`))));
    expect(kernel.route.addresses.map((address) => address.local)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    fake.sendError = 'ENOBUFS';
    expect((await failure(socket.request(add(eth0, '192.0.2.4')))).code).toBe('ENOBUFS');
    fake.sendError = undefined;
    expect(await socket.request(add(eth0, '192.0.2.5'))).toEqual([]);
  });

  it('rejects with code, errno, purpose and the sentence of the kernel', async () => {
    const { eth0, socket } = open();
    await socket.request(add(eth0, '192.0.2.1'));
    const error = await failure(socket.request(add(eth0, '192.0.2.1')));
    expect(error).toBeInstanceOf(SystemError);
    expect({ ...error, message: error.message, name: error.name }).toMatchObject({
      name: 'NetlinkError',
      message: 'adding 192.0.2.1: netlink EEXIST: ipv4: Address already assigned',
      code: 'EEXIST',
      errno: -17,
      syscall: 'netlink',
      purpose: 'adding 192.0.2.1',
      extended: { message: 'ipv4: Address already assigned' },
    });
  });

  it('without a sentence of the kernel the error says what its code means', async () => {
    const { socket } = open();
    const error = await failure(socket.request({ type: 99, body: new Uint8Array(0), purpose: 'something new' }));
    expect(error.message).toBe('something new: netlink ENOTSUP: operation not supported on socket');
    expect(error.extended).toEqual({});
  });

  it('numbers its requests from 1, and goes on', async () => {
    const { eth0, socket, fake } = open();
    await socket.request(add(eth0, '192.0.2.1'));
    await socket.request(add(eth0, '192.0.2.2'));
    const sequences = fake.sent.flatMap((bytes) => {
      const messages = decodeMessages(bytes);
      return messages.ok ? messages.value.map((message) => message.sequence) : [];
    });
    expect(sequences).toEqual([1, 2]);
  });

  it('an answer with an unknown sequence number, or not from the kernel, is ignored', async () => {
    const { eth0, socket, fake } = open();
    const acknowledgement = (sequence: number, errno: number) => {
      const body = new Uint8Array(20);
      new DataView(body.buffer).setInt32(0, -errno, true);
      new DataView(body.buffer).setUint32(4, 16, true);
      return encodeMessage({ type: 2, flags: 0x100, sequence, portId: 0, body });
    };
    fake.inject(acknowledgement(77, 1));
    fake.inject(acknowledgement(1, 1), { portId: 4711 });
    await expect(socket.request(add(eth0, '192.0.2.1'))).resolves.toEqual([]);
  });

  it('an unreadable answer rejects the request it is for', async () => {
    const { socket, fake } = open();
    fake.inject(encodeMessage({ type: 2, flags: 0x100, sequence: 1, portId: 0, body: new Uint8Array(8) }));
    const error = await failure(socket.request({ type: 99, body: new Uint8Array(0), purpose: 'x' }));
    expect(error.message).toBe('x: netlink EBADMSG: unreadable answer: too-short');
  });

  it('that cannot be sent is rejected with the error of the system call', async () => {
    const { eth0, socket, fake } = open();
    fake.sendError = 'ENOBUFS';
    const error = await failure(socket.request(add(eth0, '192.0.2.1')));
    expect(error).toMatchObject({ code: 'ENOBUFS', syscall: 'sendto', purpose: 'adding 192.0.2.1' });
    fake.sendError = undefined;
    await socket.request(add(eth0, '192.0.2.1'));
  });
});

describe('NetlinkSocket batch', () => {
  it('has one outcome for each request, in order, and goes on after a refusal', async () => {
    const { kernel, eth0, socket } = open();
    const outcomes = await socket.batch(
      batched([add(eth0, '192.0.2.1'), add(eth0, '192.0.2.1'), add(99, '192.0.2.2'), add(eth0, '192.0.2.3')]),
    );
    expect(outcomes.map((outcome) => outcome?.code)).toEqual([undefined, 'EEXIST', 'ENODEV', undefined]);
    expect(kernel.route.addresses.map((address) => address.local)).toEqual(['192.0.2.1', '192.0.2.3']);
  });

  it('goes out in two hundred and fifty-sixes, the last of which is acknowledged for all', async () => {
    const { eth0, socket, fake } = open();
    const outcomes = socket.batch(batched(addMany(eth0, 300)));
    const inEachSend = () => fake.sent.map((bytes) => decodeMessages(bytes)).map((m) => (m.ok ? m.value.length : 0));
    expect(inEachSend()).toEqual([256]);
    expect(await outcomes).toEqual(new Array(300).fill(undefined));
    expect(inEachSend()).toEqual([256, 44]);
    const acknowledged = fake.sent.map((bytes) => {
      const messages = decodeMessages(bytes);
      return messages.ok ? messages.value.map(({ flags }) => (flags & NLM_F_ACK) !== 0).indexOf(true) : undefined;
    });
    expect(acknowledged).toEqual([255, 43]);
  });

  it('knows what was refused by its number, the first and the last one too', async () => {
    const { eth0, socket } = open();
    const outcomes = await socket.batch(batched([add(99, '192.0.2.1'), ...addMany(eth0, 40), add(99, '192.0.2.2')]));
    expect(outcomes.flatMap((outcome, i) => (outcome === undefined ? [] : [`${i} ${outcome.code}`]))).toEqual([
      '0 ENODEV',
      '41 ENODEV',
    ]);
  });

  it('of nothing is nothing', async () => {
    expect(await open().socket.batch([])).toEqual([]);
  });
});

describe('NetlinkSocket dump', () => {
  it('resolves with all parts of all datagrams', async () => {
    const { eth0, socket } = open();
    await socket.batch(batched(addMany(eth0, 50)));
    const parts = await socket.dump(read);
    expect(parts.map((part) => part.type)).toEqual(new Array(50).fill(RTM_NEWADDR));
  });

  it('is begun anew when the table changed under it', async () => {
    const { kernel, eth0, socket, fake } = open();
    await socket.request(add(eth0, '192.0.2.1'));
    kernel.interruptDumps(3);
    expect(await socket.dump(read)).toHaveLength(1);
    expect(fake.sent).toHaveLength(1 + 4);
  });

  it('is given up after ten attempts', async () => {
    const { kernel, socket, fake } = open();
    kernel.interruptDumps(Number.POSITIVE_INFINITY);
    expect(await failure(socket.dump(read))).toMatchObject({ code: 'EINTR', purpose: 'reading the addresses' });
    expect(fake.sent).toHaveLength(10);
  });

  it('waits for the one before, and requests behind it keep their order', async () => {
    const { eth0, socket } = open();
    const first = socket.dump(read);
    const second = socket.dump(read);
    const request = socket.request(add(eth0, '192.0.2.1'));
    const third = socket.dump(read);
    await request;
    expect([await first, await second, await third].map((parts) => parts.length)).toEqual([0, 0, 1]);
  });

  it('rejects when the kernel refuses it', async () => {
    const { socket } = open();
    expect(await failure(socket.dump({ ...read, type: 99 }))).toMatchObject({ code: 'ENOTSUP' });
  });
});

describe('NetlinkSocket events', () => {
  const groups = [RTNLGRP_IPV4_IFADDR];

  it('of its groups are reported', async () => {
    const { kernel, eth0, socket, events } = open({ groups });
    kernel.route.addAddress(eth0, ip('192.0.2.1'), 24);
    kernel.route.removeAddress(ip('192.0.2.1'));
    await socket.dump(read);
    expect(events.map((event) => (event.type === 'message' ? event.message.type : event.type))).toEqual([
      RTM_NEWADDR,
      RTM_DELADDR,
    ]);
  });

  it('from another process are ignored', async () => {
    const { socket, fake, events } = open({ groups });
    const bytes = encodeMessage({ ...announcement(), flags: 0, sequence: 0, portId: 0 });
    fake.inject(bytes, { portId: 4711, groups: 16 });
    await socket.dump(read);
    expect(events).toEqual([]);
  });

  it('that do not fit are reported as an overrun, and later ones arrive', async () => {
    const { kernel, eth0, socket, events } = open({ groups, receiveBuffer: 4096 });
    for (let i = 0; i < 50; i++) kernel.route.addAddress(eth0, ip(`10.0.0.${i}`), 32);
    await socket.dump(read);
    expect(events[0]).toEqual({ type: 'overrun' });
    expect(events.length).toBeLessThan(50);
    events.length = 0;
    kernel.route.removeAddress(ip('10.0.0.49'));
    await socket.dump(read);
    expect(events.map((event) => event.type)).toEqual(['message']);
  });

  it('that are cut off or garbage count as an overrun', async () => {
    const { socket, fake, events } = open({ groups });
    fake.inject(Uint8Array.of(1, 2, 3), { groups: 16 });
    const bytes = encodeMessage({ ...announcement(), flags: 0, sequence: 0, portId: 0 });
    fake.inject(bytes, { groups: 16, truncated: true });
    await socket.dump(read);
    expect(events).toEqual([{ type: 'overrun' }, { type: 'overrun' }]);
  });
});

describe('NetlinkSocket after an overrun', () => {
  it('answers that still arrive count, the lost ones reject, and the next request works', async () => {
    const { eth0, socket, events } = open({ receiveBuffer: 8 * 800 });
    const outcomes = await socket.batch(batched(addMany(99, 64)));
    expect(new Set(outcomes.map((outcome) => outcome?.code))).toEqual(new Set(['ENODEV', 'ENOBUFS']));
    expect(outcomes[0]?.code).toBe('ENODEV');
    expect(outcomes[63]?.message).toBe('adding 10.0.0.63: netlink ENOBUFS: the answer was lost');
    expect(events).toEqual([{ type: 'overrun' }]);
    await socket.request(add(eth0, '192.0.2.1'));
  });

  it('a dump is begun anew, because parts may be missing', async () => {
    const { eth0, socket, fake, events } = open();
    await socket.batch(batched(addMany(eth0, 8)));
    const sends = fake.sent.length;
    const dump = socket.dump(read);
    fake.inject(new Uint8Array(3), { truncated: true });
    expect(await dump).toHaveLength(8);
    expect(events).toEqual([{ type: 'overrun' }]);
    expect(fake.sent.length - sends).toBe(2);
  });
});

describe('NetlinkSocket close', () => {
  it('rejects what waits and what comes, and may be called twice', async () => {
    const { eth0, socket } = open();
    const waiting = failure(socket.request(add(eth0, '192.0.2.1')));
    const dump = failure(socket.dump(read));
    const batch = socket.batch(batched(addMany(eth0, 100)));
    socket.close();
    socket.close();
    expect(await waiting).toMatchObject({ code: 'ECANCELED', errno: -125, purpose: 'adding 192.0.2.1' });
    expect(await dump).toMatchObject({ code: 'ECANCELED' });
    expect(new Set((await batch).map((outcome) => outcome?.code))).toEqual(new Set(['ECANCELED']));
    expect(await failure(socket.request(add(eth0, '192.0.2.1')))).toMatchObject({ code: 'ECANCELED' });
  });

  it('from within an event ends the events', async () => {
    const { kernel, eth0, socket, events } = open({ groups: [RTNLGRP_IPV4_IFADDR] });
    const closed = new Promise<void>((resolve) =>
      socket.onEvent((event) => {
        events.push(event);
        socket.close();
        resolve();
      }),
    );
    kernel.route.addAddress(eth0, ip('192.0.2.1'), 24);
    kernel.route.addAddress(eth0, ip('192.0.2.2'), 24);
    await closed;
    await new Promise(setImmediate);
    expect(events).toHaveLength(1);
  });

  it('happens when opening fails half-way, and the error says what for', () => {
    const kernel = fakeKernel();
    let closed = false;
    const createSocket = (protocol: number) => {
      const socket = kernel.createSocket(protocol);
      socket.bind = () => {
        throw Object.assign(new Error('bind EPERM'), { code: 'EPERM', errno: -1, syscall: 'bind' });
      };
      const close = socket.close.bind(socket);
      socket.close = () => {
        closed = true;
        close();
      };
      return socket;
    };
    expect(() => NetlinkSocket.open({ protocol: NETLINK_ROUTE, createSocket })).toThrow('rtnetlink socket: bind EPERM');
    expect(closed).toBe(true);
  });
});
