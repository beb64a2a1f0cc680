import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { Script } from '../../src/config/script.ts';
import { Pools } from '../../src/daemon/pools.ts';
import { lvsFifoLine } from '../../src/ipvs/notice.ts';
import { destinationId, serviceId, type Table } from '../../src/ipvs/table.ts';
import type { RealServer, SorryServer, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const A = realServer({ address: '192.168.4.100' as IpAddress });
const B = realServer({ address: '192.168.4.200' as IpAddress, inhibitOnFailure: true });

const sorryServer: SorryServer = {
  address: '192.168.4.9' as IpAddress,
  port: 80,
  forwardingMethod: 'masquerading',
  inhibit: false,
  isRealServer: false,
};

/** Pools whose real servers are down as `down` says, and everything that they say and tell. */
function pools() {
  const down = new Set<string>();
  const logged: string[] = [];
  const told: string[] = [];
  const subject = new Pools({
    stateOf: (_, { id, settings: { weight } }: RealServer) => ({ isUp: !down.has(id), weight }),
    tell: (notice) => {
      told.push(`${lvsFifoLine(notice).trim()}${notice.command ? ` ${notice.command.keyword}` : ''}`);
      mails.push(notice.mail);
    },
    log: (_level, _event, message) => void logged.push(message),
  });
  const mails: (string | undefined)[] = [];
  const taken = (list: string[]) => list.splice(0);
  const afterTelling = (list: string[]) => () => {
    subject.tell();
    return taken(list);
  };
  return { down, subject, mails, logged: afterTelling(logged), told: afterTelling(told), toldSoFar: () => taken(told) };
}

const outline = (table: Table) =>
  table.map(({ service, destinations }) =>
    [serviceId(service.key), ...destinations.map((one) => `${destinationId(one)} ${one.weight}`)].join(' '),
  );

const script: Script = { command: ['/bin/true'] };

describe('pools', () => {
  it('say and tell what keepalived says and tells of servers, a quorum and a sorry server', () => {
    const { down, subject, logged, told } = pools();
    const server = virtualServer({ realServers: [A, B], quorum: 2, sorryServer });
    subject.configure([server]);
    expect(told()).toEqual(['VS [192.168.4.15]:tcp:80 UP']);
    expect(logged()).toEqual(['Gained quorum 2+0=2 <= 2 for VS [192.168.4.15]:tcp:80']);

    down.add(B.id);
    expect(outline(subject.refresh(server.id))).toEqual(['192.168.4.15:80/TCP 192.168.4.9:80 1 192.168.4.200:80 0']);
    expect(told()).toEqual(['RS [192.168.4.200]:tcp:80 [192.168.4.15]:tcp:80 DOWN', 'VS [192.168.4.15]:tcp:80 DOWN']);
    expect(logged()).toEqual([
      'Disabling service [192.168.4.200]:tcp:80 of VS [192.168.4.15]:tcp:80',
      'Lost quorum 2-0=2 > 1 for VS [192.168.4.15]:tcp:80',
      'Adding sorry server [192.168.4.9]:tcp:80 to VS [192.168.4.15]:tcp:80',
    ]);

    down.clear();
    subject.refresh(server.id);
    expect(told()).toEqual(['RS [192.168.4.200]:tcp:80 [192.168.4.15]:tcp:80 UP', 'VS [192.168.4.15]:tcp:80 UP']);
    expect(logged()).toEqual([
      'Enabling service [192.168.4.200]:tcp:80 of VS [192.168.4.15]:tcp:80',
      'Gained quorum 2+0=2 <= 2 for VS [192.168.4.15]:tcp:80',
      'Removing sorry server [192.168.4.9]:tcp:80 from VS [192.168.4.15]:tcp:80',
    ]);
  });

  it('tell of a configuration when they are asked to, and before anything that comes after it', () => {
    const { down, subject, told, toldSoFar } = pools();
    const server = virtualServer({ realServers: [A, B], quorum: 2 });
    subject.configure([server]);
    expect(toldSoFar()).toEqual([]);
    down.add(B.id);
    subject.refresh(server.id);
    expect(toldSoFar()).toEqual([
      'VS [192.168.4.15]:tcp:80 UP',
      'RS [192.168.4.200]:tcp:80 [192.168.4.15]:tcp:80 DOWN',
      'VS [192.168.4.15]:tcp:80 DOWN',
    ]);
    expect(told()).toEqual([]);
  });

  it('leave nothing untold to the process that takes their place', () => {
    const { subject, toldSoFar } = pools();
    subject.configure([virtualServer({ realServers: [A] })]);
    subject.estate();
    expect(toldSoFar()).toEqual(['VS [192.168.4.15]:tcp:80 UP']);
  });

  it('begin without a quorum where alpha keeps every server out', () => {
    const { down, subject, logged, told } = pools();
    down.add(A.id);
    subject.configure([virtualServer({ realServers: [A], sorryServer })]);
    expect(told()).toEqual(['VS [192.168.4.15]:tcp:80 DOWN']);
    expect(logged()).toEqual([
      'Starting with quorum down for VS [192.168.4.15]:tcp:80',
      'Adding sorry server [192.168.4.9]:tcp:80 to VS [192.168.4.15]:tcp:80',
    ]);
  });

  it('say in mails which checker it was, where keepalived does', () => {
    const { down, subject, mails } = pools();
    const server = virtualServer({ realServers: [A] });
    subject.configure([server]);
    mails.length = 0;
    for (const kind of ['TCP_CHECK', 'HTTP_GET', 'MISC_CHECK', undefined]) {
      down.add(A.id);
      subject.refresh(server.id, kind);
      down.clear();
      subject.refresh(server.id, kind);
    }
    // the virtual server has no smtp_alert
    expect(mails.filter((mail) => mail !== undefined)).toEqual([
      'TCP CHECK failed on service',
      'TCP CHECK succeed on service',
      'CHECK failed on service',
      'CHECK succeed on service',
      'MISC CHECK failed on service',
      'MISC CHECK succeed on service',
      'CHECK failed on service',
      'CHECK succeed on service',
    ]);
  });

  it('name the scripts of what changes', () => {
    const { down, subject, told } = pools();
    const server = virtualServer({
      realServers: [realServer({ ...A, notifyUp: script, notifyDown: script })],
      quorumUp: script,
      quorumDown: script,
    });
    subject.configure([server]);
    down.add(A.id);
    subject.refresh(server.id);
    down.clear();
    subject.refresh(server.id);
    expect(told()).toEqual([
      'VS [192.168.4.15]:tcp:80 UP quorum_up',
      'RS [192.168.4.100]:tcp:80 [192.168.4.15]:tcp:80 DOWN notify_down',
      'VS [192.168.4.15]:tcp:80 DOWN quorum_down',
      'RS [192.168.4.100]:tcp:80 [192.168.4.15]:tcp:80 UP notify_up',
      'VS [192.168.4.15]:tcp:80 UP quorum_up',
    ]);
  });

  it('tell of every real server at the start with rs_init_notifies (keepalived.conf(5) "rs_init_notifies")', () => {
    const { down, subject, told } = pools();
    down.add(A.id);
    subject.configure([virtualServer({ realServers: [A, B] })], true);
    expect(told()).toEqual([
      'RS [192.168.4.100]:tcp:80 [192.168.4.15]:tcp:80 DOWN',
      'RS [192.168.4.200]:tcp:80 [192.168.4.15]:tcp:80 UP',
      'VS [192.168.4.15]:tcp:80 UP',
    ]);
  });

  it('keep the quorum of what stays over a reload, and tell of what is gone', () => {
    const { subject, told } = pools();
    const both = virtualServer({ realServers: [A, B] });
    const other = virtualServer({ target: { kind: 'fwmark', fwmark: 7 }, realServers: [A] });
    subject.configure([both, other]);
    told();
    subject.configure([virtualServer({ realServers: [A] })]);
    expect(told()).toEqual([
      'RS [192.168.4.200]:tcp:80 [192.168.4.15]:tcp:80 DOWN',
      'RS [192.168.4.100]:tcp:80 FWM 7 DOWN',
      'VS FWM 7 DOWN',
    ]);
    subject.configure([both]);
    expect(told()).toEqual([]);
  });

  it('tell of the end only with omega (keepalived.conf(5) "omega")', () => {
    const { subject, told } = pools();
    const silent = virtualServer({ target: { kind: 'fwmark', fwmark: 7 }, realServers: [A] });
    subject.configure([virtualServer({ realServers: [A], omega: true }), silent]);
    told();
    subject.stop();
    expect(told()).toEqual(['RS [192.168.4.100]:tcp:80 [192.168.4.15]:tcp:80 DOWN', 'VS [192.168.4.15]:tcp:80 DOWN']);
  });

  it('plan virtual servers of the same service together, and others alone', () => {
    const { down, subject } = pools();
    const first = virtualServer({ realServers: [A] });
    const second: VirtualServer = { ...virtualServer({ realServers: [B] }), id: `${first.id}#2` };
    const other = virtualServer({ target: { kind: 'fwmark', fwmark: 7 }, realServers: [A] });
    subject.configure([first, second, other]);
    down.add(B.id);
    expect(outline(subject.refresh(second.id))).toEqual(['192.168.4.15:80/TCP 192.168.4.100:80 1 192.168.4.200:80 0']);
    expect(outline(subject.refresh(other.id))).toEqual(['FWM 7 192.168.4.100:80 1']);
    expect(subject.refresh('gone')).toEqual([]);
  });
});
