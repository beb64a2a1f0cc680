/** GRPC_CHECK, of holdfast alone: healthy when a server says SERVING. gRPC Health Checking Protocol, grpc.health.v1. */
import { familyOf } from '../base/address.ts';
import { table, value, variant } from '../config/table.ts';
import { boolean } from '../config/values.ts';
import {
  type CallOutcome,
  type CheckerKind,
  type CheckResult,
  HEALTHY,
  resultOf,
  type TlsRequest,
  targetOf,
  unhealthy,
} from './checker.ts';
import type { GrpcChecker } from './checker-config.ts';
import { anyWord, connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';
import { shown } from './smtp.ts';

/** GRPC_CHECK as one of the checkers of a real server. */
export const grpcChecker = variant(
  'GRPC_CHECK',
  table({
    ...timingKeywords,
    ...connectionKeywords,
    service: value('service', anyWord('the name of a service'), 'Service to ask for; the server as a whole.', {
      missingIs: 5,
    }),
    virtualHost: value('virtualhost', anyWord('a host name'), 'Host to ask for, before that of the real server.', {
      missingIs: 5,
    }),
    tls: value('tls', boolean(), 'Speak TLS.'),
    tlsVerify: value('tls_verify', boolean(), 'The certificate must be good, and for the virtual host or the address.'),
  }),
  'Healthy when a gRPC server says that it serves. Of holdfast alone.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      if (connection === undefined) return [];
      const { service = '', virtualHost = inherited.virtualHost, tlsVerify = false, tls = tlsVerify } = reading.values;
      return [
        {
          kind: 'GRPC_CHECK',
          ...connection,
          ...timingOf(reading, inherited),
          service,
          ...(virtualHost === undefined ? {} : { virtualHost }),
          tls,
          tlsVerify,
        },
      ];
    },
  }),
);

export const grpcCheck: CheckerKind<GrpcChecker> = {
  keyword: 'GRPC_CHECK',
  async check(config, io, signal) {
    const { connectAddress, connectPort, virtualHost } = config;
    const address = familyOf(connectAddress) === 'inet' ? connectAddress : `[${connectAddress}]`;
    const outcome = await io.call(
      {
        ...targetOf(config),
        path: '/grpc.health.v1.Health/Check',
        authority: virtualHost ?? `${address}:${connectPort}`,
        message: request(config.service),
        tls: tlsOf(config),
      },
      signal,
    );
    return outcome.ok ? judge(outcome) : resultOf(outcome);
  },
};

function tlsOf({ tls, tlsVerify, virtualHost, connectAddress }: GrpcChecker): TlsRequest | undefined {
  if (!tls) return undefined;
  const serverName = virtualHost?.replace(/:\d+$/, '');
  return { serverName, verifiedName: tlsVerify ? (serverName ?? connectAddress) : undefined };
}

/** HealthCheckRequest: field 1 is the service; nothing is what is left out. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.of(0x0a), varint(name.length), name]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.of(...bytes, rest);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** HealthCheckResponse.ServingStatus */
const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const SERVING = 1;
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

function judge({
  httpStatus,
  status,
  statusMessage,
  message,
  certificateEnd,
}: CallOutcome & { ok: true }): CheckResult {
  if (httpStatus !== 200) return unhealthy(`HTTP status ${httpStatus}`);
  if (status === NOT_FOUND) return unhealthy('the server does not know the service');
  if (status === UNIMPLEMENTED) return unhealthy('the server does not tell its health');
  if (status !== 0) return unhealthy(`gRPC status ${status ?? 'missing'}: ${shown(statusMessage ?? '')}`);
  const state = servingStatus(message);
  if (state !== SERVING) return unhealthy(STATES[state ?? 0] ?? 'an answer that is none');
  return certificateEnd === undefined ? HEALTHY : { outcome: 'healthy', certificateEnd };
}

/** Field 1, a varint; what is left out is 0. */
function servingStatus(message: Uint8Array): number | undefined {
  if (message.length === 0) return 0;
  return message[0] === 0x08 && (message[1] ?? 0x80) < 0x80 ? message[1] : undefined;
}
