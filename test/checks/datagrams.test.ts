/** DNS_CHECK, UDP_CHECK and PING_CHECK. */
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds } from '../../src/base/time.ts';
import type { DatagramOutcome } from '../../src/checks/checker.ts';
import type { DnsChecker, PingChecker, UdpChecker } from '../../src/checks/checker-config.ts';
import { dnsCheck } from '../../src/checks/dns.ts';
import { pingCheck } from '../../src/checks/ping.ts';
import { udpCheck } from '../../src/checks/udp.ts';
import { datagramConformance, realIo, withDatagramServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never, worldWith } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;

describe('DNS_CHECK', () => {
  const configure = (address: IpAddress, port: number, different: Partial<DnsChecker> = {}): DnsChecker => ({
    kind: 'DNS_CHECK',
    ...common(address, port),
    recordType: 'SOA',
    name: '',
    ...different,
  });
  /** The question with QR set and this RCODE. */
  const answered = (question: Buffer, code = 0): Buffer => {
    const answer = Buffer.from(question);
    answer[2] = 0x84;
    answer[3] = code;
    return answer;
  };

  datagramConformance(dnsCheck, {
    reply: answered,
    configure,
    needsAnswer: true,
    garbage: Buffer.from('garbage that is no answer'),
    garbageIs: 'unhealthy',
  });

  const check = (reply: (question: Buffer) => Buffer, different: Partial<DnsChecker> = {}) =>
    withDatagramServer(LOOPBACK, reply, (port) =>
      dnsCheck.check(configure(LOOPBACK, port, different), realIo, never, 0),
    );

  it('asks for the name and the type that it is told', async () => {
    let question: Buffer = Buffer.alloc(0);
    const keep = (bytes: Buffer) => {
      question = bytes;
      return answered(bytes);
    };
    expect(await check(keep, { name: 'www.example.org', recordType: 'AAAA' })).toEqual(HEALTHY);
    // RFC 1035 §4.1: RD, one question, the name in labels, AAAA of IN
    expect(question.subarray(2).toString('hex')).toBe(
      `01000001000000000000${'03777777076578616d706c65036f7267'}00001c0001`,
    );
  });

  it.each([
    [2, 'answer with code 2 (server failure)'],
    [3, 'answer with code 3 (name error)'],
    [5, 'answer with code 5 (refused)'],
    [9, 'answer with code 9 (unknown)'],
  ])('RCODE %i is unhealthy', async (code, reason) => {
    expect(await check((question) => answered(question, code))).toEqual({ outcome: 'unhealthy', reason });
  });

  it('passes over an answer to another question', async () => {
    const config = { connectTimeout: milliseconds(100) };
    const other = (question: Buffer) => {
      const answer = answered(question);
      answer[0] = (answer[0] as number) ^ 0xff;
      return answer;
    };
    expect(await check(other, config)).toEqual({ outcome: 'unhealthy', reason: 'no answer within 0.1 s' });
  });

  it('a name that the DNS cannot have says nothing about the server', async () => {
    const result = await dnsCheck.check(configure(LOOPBACK, 9, { name: 'x'.repeat(64) }), realIo, never, 0);
    expect(result.outcome).toBe('inconclusive');
  });
});

describe('UDP_CHECK', () => {
  const configure = (address: IpAddress, port: number, different: Partial<UdpChecker> = {}): UdpChecker => ({
    kind: 'UDP_CHECK',
    ...common(address, port),
    requireReply: false,
    minReplyLength: 0,
    maxReplyLength: 255,
    ...different,
  });

  datagramConformance(udpCheck, {
    reply: () => Buffer.from('pong'),
    configure,
    needsAnswer: false,
    garbage: Buffer.from('whatever'),
    garbageIs: 'healthy',
  });

  describe('with require_reply', () => {
    datagramConformance(udpCheck, {
      reply: () => Buffer.from('pong'),
      configure: (address, port) =>
        configure(address, port, { requireReply: true, reply: { bytes: '70006e', mask: 'ff00ff' } }),
      needsAnswer: true,
      garbage: Buffer.from('whatever'),
      garbageIs: 'unhealthy',
    });
  });

  /** What it says of a reply, without a server. */
  const judge = (bytes: Uint8Array, different: Partial<UdpChecker>, seen: Uint8Array[] = []) => {
    const exchange = async (_target: unknown, payload: Uint8Array): Promise<DatagramOutcome> => {
      seen.push(payload);
      return { type: 'reply', bytes };
    };
    return udpCheck.check(configure(LOOPBACK, 9, different), worldWith({ exchange }), never, 0);
  };

  it('sends what it is told, else 32 bytes of its own', async () => {
    const seen: Uint8Array[] = [];
    await judge(Buffer.of(1), { payload: '00ff10' }, seen);
    await judge(Buffer.of(1), {}, seen);
    expect(seen[0]).toEqual(Buffer.of(0, 0xff, 0x10));
    expect(seen[1]).toHaveLength(32);
  });

  it.each([
    ['706f6e67', {}, true],
    ['706f6e67', { reply: { bytes: '706f', mask: 'ffff' } }, true],
    ['706f6e67', { reply: { bytes: '7061', mask: 'ffff' } }, false],
    ['706f6e67', { reply: { bytes: '7061', mask: 'fff0' } }, true],
    ['70', { reply: { bytes: '7061', mask: 'ff00' } }, false],
    ['706f6e67', { minReplyLength: 4 }, true],
    ['706f6e67', { minReplyLength: 5 }, false],
    ['706f6e67', { maxReplyLength: 4 }, true],
    ['706f6e67', { maxReplyLength: 3 }, false],
  ] as const)('a reply %s with %j: %s', async (reply, different, isHealthy) => {
    const { outcome } = await judge(Buffer.from(reply, 'hex'), { requireReply: true, ...different });
    expect(outcome).toBe(isHealthy ? 'healthy' : 'unhealthy');
  });
});

const whyNoPing = process.getuid?.() === 0 ? undefined : 'not root';
describe.skipIf(whyNoPing !== undefined)(
  `PING_CHECK${whyNoPing === undefined ? '' : ` (skipped: ${whyNoPing})`}`,
  () => {
    const configure = (address: string): PingChecker => ({ kind: 'PING_CHECK', ...common(address as IpAddress, 0) });
    const outcomes: readonly (readonly [DatagramOutcome, object])[] = [
      [{ type: 'silence' }, { outcome: 'unhealthy', reason: 'no answer within 5 s' }],
      [
        { type: 'fault', reason: 'EHOSTUNREACH', local: false },
        { outcome: 'unhealthy', reason: 'EHOSTUNREACH' },
      ],
      [
        { type: 'fault', reason: 'EPERM', local: true },
        { outcome: 'inconclusive', reason: 'EPERM' },
      ],
      [{ type: 'reply', bytes: Buffer.of(1) }, HEALTHY],
    ];

    it.each(['127.0.0.1', '::1'])('%s answers', async (address) => {
      expect(await pingCheck.check(configure(address), realIo, never, 0)).toEqual(HEALTHY);
    });

    it.each(outcomes)('%j is %j', async (outcome, expected) => {
      const io = worldWith({ ping: async () => outcome });
      expect(await pingCheck.check(configure('192.0.2.1'), io, never, 0)).toEqual(expected);
    });

    it('an abort says nothing about the server', async () => {
      const result = await pingCheck.check(configure('127.0.0.1'), realIo, AbortSignal.abort(), 0);
      expect(result.outcome).toBe('inconclusive');
    });

    it('an interface that is not there says nothing about the server', async () => {
      const config = { ...configure('127.0.0.1'), bindInterface: 'nosuch0' };
      expect(await pingCheck.check(config, realIo, never, 0)).toEqual({ outcome: 'inconclusive', reason: 'ENODEV' });
    });
  },
);
