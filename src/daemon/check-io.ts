/** The world of the checkers, as it is: sockets of this process, and commands that main runs. */
import type { CheckIo } from '../checks/checker.ts';
import { converse } from '../io/conversation.ts';
import { grpcCall } from '../io/grpc-call.ts';
import { httpGet } from '../io/http-get.ts';
import { ping } from '../io/ping.ts';
import { searchText } from '../io/search-text.ts';
import { tcpConnect } from '../io/tcp-connect.ts';
import { TlsClient, type TlsFiles } from '../io/tls-connection.ts';
import { udpExchange } from '../io/udp-exchange.ts';

const IDS = 65_536;

/** @param run runs a command of MISC_CHECK */
export function checkIo(run: CheckIo['run'], files: TlsFiles = {}): CheckIo {
  const tls = new TlsClient(files);
  return {
    connect: tcpConnect,
    converse,
    get: (request, signal) => httpGet(request, signal, tls),
    call: (request, signal) => grpcCall(request, signal, tls),
    exchange: udpExchange,
    ping,
    run,
    md5: () => {
      const hash = crypto().createHash('md5');
      return { update: (piece) => void hash.update(piece), hex: () => hash.digest('hex') };
    },
    search: searchText,
    randomId: () => crypto().randomInt(IDS),
  };
}

/** Loaded when it is used first. */
const crypto = () => process.getBuiltinModule('node:crypto');
