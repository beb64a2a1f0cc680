import { afterEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import { IpvsClient, IpvsUnavailable } from '../../src/io/ipvs-client.ts';
import type { Destination, IpvsCommand, Service } from '../../src/wire/ipvs.ts';
import { encodeServiceEntry, NO_STATISTICS } from '../../src/wire/ipvs-entries.ts';
import { decodeMessages } from '../../src/wire/netlink.ts';
import { fakeKernel } from '../support/fake-kernel.ts';

const ip = (text: string) => text as IpAddress;

const web: Service = {
  key: { kind: 'address', family: 'inet', protocol: 'TCP', address: ip('192.0.2.1'), port: 80 },
  scheduler: 'wrr',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  schedulerFlags: 0,
};
const mark: Service = {
  ...web,
  key: { kind: 'fwmark', family: 'inet', fwmark: 7 },
  persistenceTimeout: seconds(50),
  persistenceGranularity: 24,
};
const server = (address: string, weight = 1): Destination => ({
  family: 'inet',
  address: ip(address),
  port: 80,
  forwardingMethod: 'direct-route',
  weight,
  upperThreshold: 0,
  lowerThreshold: 0,
});
const newService = (service: Service): IpvsCommand => ({ command: 'new-service', service });
const newServer = (service: Service, destination: Destination): IpvsCommand => ({
  command: 'new-destination',
  service,
  destination,
});

let opened: IpvsClient | undefined;
afterEach(() => opened?.close());

async function open() {
  const kernel = fakeKernel();
  const client = await IpvsClient.open({ createSocket: kernel.createSocket });
  opened = client;
  return { kernel, client };
}

const codes = async (client: IpvsClient, commands: readonly IpvsCommand[]) =>
  (await client.execute(commands)).map((outcome) => outcome?.code);

describe('IpvsClient open', () => {
  it('asks the kernel for the number of the family and for the version', async () => {
    const { client } = await open();
    expect(client.info).toEqual({ version: '1.2.1', connectionTableSize: 4096 });
  });

  it('without IPVS in the kernel it says what is missing and what to do', async () => {
    const kernel = fakeKernel();
    kernel.ipvs.familyId = undefined;
    const failure = IpvsClient.open({ createSocket: kernel.createSocket });
    await expect(failure).rejects.toBeInstanceOf(IpvsUnavailable);
    await expect(failure).rejects.toThrow(
      'this kernel has no IPVS: generic netlink family "IPVS" not found; load it with: modprobe ip_vs',
    );
  });

  it('a failed open closes its socket', async () => {
    const kernel = fakeKernel();
    kernel.ipvs.familyId = undefined;
    await expect(IpvsClient.open({ createSocket: kernel.createSocket })).rejects.toThrow();
    expect(() => kernel.sockets[0]?.receive()).toThrow('EBADF');
  });
});

describe('IpvsClient table', () => {
  it('is empty at first', async () => {
    const { client } = await open();
    expect(await client.table()).toEqual([]);
  });

  it('comes back as it was made', async () => {
    const { client } = await open();
    await client.execute([newService(web), newService(mark), newServer(web, server('10.0.0.1', 5))]);
    expect(await client.table()).toEqual([
      { service: web, destinations: [server('10.0.0.1', 5)] },
      { service: mark, destinations: [] },
    ]);
  });

  it('with its counters', async () => {
    const { client } = await open();
    await client.execute([newService(web), newServer(web, server('10.0.0.1'))]);
    const connections = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
    expect(await client.observe()).toEqual([
      {
        service: web,
        statistics: NO_STATISTICS,
        destinations: [{ destination: server('10.0.0.1'), ...connections, statistics: NO_STATISTICS }],
      },
    ]);
  });

  it('of a thousand destinations is complete', async () => {
    const { client } = await open();
    const servers = Array.from({ length: 1000 }, (_, i) => server(`10.0.${i >> 8}.${i & 255}`));
    await client.execute([newService(web), ...servers.map((each) => newServer(web, each))]);
    expect((await client.table())[0]?.destinations).toEqual(servers.reverse());
  });

  it('is the same objects again as long as nothing has changed, and tells what has', async () => {
    const { client } = await open();
    const [one, other] = [server('10.0.0.1'), server('10.0.0.2')];
    await client.execute([newService(web), newServer(web, one), newService(mark), newServer(mark, other)]);
    const first = await client.table();
    const second = await client.table();
    expect(second.map((entry, i) => entry === first[i])).toEqual([true, true]);
    await client.execute([{ command: 'set-destination', service: web, destination: { ...one, weight: 9 } }]);
    const third = await client.table();
    expect(third).toEqual([{ service: web, destinations: [{ ...one, weight: 9 }] }, second[1]]);
    await client.execute([{ command: 'set-service', service: { ...mark, scheduler: 'rr' } }]);
    expect((await client.table())[1]).toEqual({ service: { ...mark, scheduler: 'rr' }, destinations: [other] });
    await client.execute([{ command: 'delete-service', service: web }]);
    expect((await client.table()).map(({ service }) => service.key)).toEqual([mark.key]);
  });

  it('of services alone is read anew only where it has changed, whatever was counted', async () => {
    const { kernel, client } = await open();
    const counted = (service: Service, connections: number) => {
      kernel.ipvs.foreignServices[0] = encodeServiceEntry({ service, statistics: { ...NO_STATISTICS, connections } });
    };
    await client.execute([newService(web)]);
    counted(mark, 1);
    const first = await client.services();
    expect(first).toEqual([mark, web]);
    counted(mark, 2);
    const second = await client.services();
    expect([second[0] === first[0], second[1] === first[1]]).toEqual([true, true]);
    counted({ ...mark, persistenceTimeout: seconds(60) }, 2);
    expect(await client.services()).toEqual([{ ...mark, persistenceTimeout: seconds(60) }, web]);
    kernel.ipvs.foreignServices.length = 0;
    expect(await client.services()).toEqual([web]);
    await client.execute([{ command: 'delete-service', service: web }]);
    expect(await client.services()).toEqual([]);
    counted(web, 0);
    expect(await client.services()).toEqual([web]);
  });

  it('leaves out services that our types cannot express', async () => {
    const { kernel, client } = await open();
    await client.execute([newService(mark)]);
    const tcp = toHex(encodeServiceEntry({ service: web, statistics: NO_STATISTICS }));
    const esp = fromHex(tcp.replace('0600020006', '0600020032'));
    kernel.ipvs.foreignServices.push(esp);
    expect((await client.table()).map((entry) => entry.service)).toEqual([mark]);
  });

  it('is refused when an entry cannot be read at all', async () => {
    const { kernel, client } = await open();
    kernel.ipvs.foreignServices.push(fromHex('01010000 0c000180 0600010002000000'));
    await expect(client.table()).rejects.toThrow(
      'reading the IPVS services: netlink EBADMSG: an answer that cannot be read: missing-attribute',
    );
  });
});

describe('IpvsClient execute', () => {
  it('has one outcome for each command, and the next one is carried out after a refusal', async () => {
    const { kernel, client } = await open();
    const unknown: Service = { ...web, scheduler: 'none', key: { kind: 'fwmark', family: 'inet', fwmark: 9 } };
    expect(
      await codes(client, [
        newServer(web, server('10.0.0.1')),
        newService(web),
        newService(web),
        newService(unknown),
        newServer(web, server('10.0.0.1')),
        newServer(web, server('10.0.0.1')),
        { command: 'set-destination', service: web, destination: server('10.0.0.9') },
        { command: 'set-destination', service: web, destination: server('10.0.0.1', 0) },
        { command: 'delete-destination', service: web, destination: server('10.0.0.9') },
        { command: 'set-service', service: { ...web, scheduler: 'sh' } },
        { command: 'delete-service', service: mark },
      ]),
    ).toEqual([
      'ESRCH',
      undefined,
      'EEXIST',
      'ENOENT',
      undefined,
      'EEXIST',
      'ENOENT',
      undefined,
      'ENOENT',
      undefined,
      'ESRCH',
    ]);
    expect(kernel.ipvs.table).toEqual([
      { service: { ...web, scheduler: 'sh' }, destinations: [server('10.0.0.1', 0)] },
    ]);
  });

  it('an error says what it was about', async () => {
    const { client } = await open();
    const v6: Service = { ...web, key: { ...web.key, family: 'inet6', address: ip('2001:db8::1') } as Service['key'] };
    const [missing, mine] = await client.execute([
      newServer(mark, server('10.0.0.1')),
      { command: 'delete-service', service: { ...v6, persistenceGranularity: 128 } },
    ]);
    expect(missing?.message).toBe('new-destination 10.0.0.1:80 of fwmark 7: netlink ESRCH: no such process');
    expect(mine?.message).toBe('delete-service TCP [2001:db8::1]:80: netlink ESRCH: no such process');
  });

  it('of nothing asks nothing', async () => {
    const { kernel, client } = await open();
    const sends = kernel.sockets[0]?.sent.length;
    expect(await client.execute([])).toEqual([]);
    expect(kernel.sockets[0]?.sent.length).toBe(sends);
  });

  it('goes out in two hundred and fifty-sixes', async () => {
    const { kernel, client } = await open();
    const before = kernel.sockets[0]?.sent.length ?? 0;
    const servers = Array.from({ length: 299 }, (_, i) => newServer(web, server(`10.0.${i >> 8}.${i & 255}`)));
    await client.execute([newService(web), ...servers]);
    const counts = kernel.sockets[0]?.sent.slice(before).map((bytes) => {
      const messages = decodeMessages(bytes);
      return messages.ok ? messages.value.length : 0;
    });
    expect(counts).toEqual([256, 44]);
  });
});

describe('IpvsClient after the module was loaded anew', () => {
  it('commands are carried out once, with the new number', async () => {
    const { kernel, client } = await open();
    kernel.ipvs.familyId = 33;
    expect(await codes(client, [newService(web), newServer(web, server('10.0.0.1'))])).toEqual([undefined, undefined]);
    expect(kernel.ipvs.log).toEqual(['new-service', 'new-destination']);
  });

  it('the table is read with the new number', async () => {
    const { kernel, client } = await open();
    await client.execute([newService(web)]);
    kernel.ipvs.familyId = 33;
    expect(await client.table()).toEqual([{ service: web, destinations: [] }]);
  });

  it('an ENOENT that means something else is not tried again', async () => {
    const { kernel, client } = await open();
    await client.execute([newService(web)]);
    const missing: IpvsCommand = { command: 'delete-destination', service: web, destination: server('10.0.0.9') };
    expect(await codes(client, [missing])).toEqual(['ENOENT']);
    expect(kernel.ipvs.log).toEqual(['new-service', 'delete-destination']);
  });

  it('and when it is gone, it says so', async () => {
    const { kernel, client } = await open();
    kernel.ipvs.familyId = undefined;
    await expect(client.table()).rejects.toBeInstanceOf(IpvsUnavailable);
    await expect(client.execute([newService(web)])).rejects.toBeInstanceOf(IpvsUnavailable);
  });
});

describe('IpvsClient control', () => {
  it('timeouts are read and set, one of 0 stays', async () => {
    const { client } = await open();
    expect(await client.timeouts()).toEqual({ tcp: seconds(900), tcpFin: seconds(120), udp: seconds(300) });
    await client.setTimeouts({ tcp: seconds(7200), tcpFin: ZERO, udp: seconds(30) });
    expect(await client.timeouts()).toEqual({ tcp: seconds(7200), tcpFin: seconds(120), udp: seconds(30) });
  });

  it('sync daemons are started and stopped', async () => {
    const { kernel, client } = await open();
    await client.syncDaemon({ command: 'new-daemon', state: 'backup', interface: 'eth0', syncId: 51 });
    expect(kernel.ipvs.daemons).toEqual([{ command: 'new-daemon', state: 'backup', interface: 'eth0', syncId: 51 }]);
    await client.syncDaemon({ command: 'delete-daemon', state: 'backup', syncId: 51 });
    expect(kernel.ipvs.daemons).toEqual([]);
    await expect(client.syncDaemon({ command: 'delete-daemon', state: 'backup', syncId: 51 })).rejects.toThrow(
      'delete-daemon backup: netlink ESRCH',
    );
  });

  it('flush removes everything', async () => {
    const { kernel, client } = await open();
    await client.execute([newService(web), newService(mark)]);
    await client.flush();
    expect(kernel.ipvs.table).toEqual([]);
  });
});
