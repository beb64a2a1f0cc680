/** TLS over a connection that has been made, as a client: what it shows and trusts is read once. */

import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Cancellation } from '../base/cancellation.ts';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import type { AnswerFault } from './conversation.ts';

/** Files of keepalived.conf(5) "SSL". */
export interface TlsFiles {
  readonly password?: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** How one connection is to be protected. */
export interface TlsRequest {
  /** For SNI; absent: no name is sent. */
  readonly serverName?: string | undefined;
  /** The name that the certificate must be for; absent: nobody looks at it. */
  readonly verifiedName?: string | undefined;
  /** Say goodbye as TLS wants, instead of just going. */
  readonly goodbye?: boolean | undefined;
}

/** Where Debian keeps the authorities that this host trusts. */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** See the file's head. One context serves all: making it costs more than a handshake. */
export class TlsClient {
  readonly #files: TlsFiles;
  #plain: SecureContext | undefined;
  #verifying: SecureContext | undefined;

  constructor(files: TlsFiles = {}) {
    this.#files = files;
  }

  /** Makes the handshake. Never rejects. @param protocols for ALPN */
  start(
    socket: Socket,
    { serverName = '', verifiedName }: TlsRequest,
    timeout: Duration,
    signal: Cancellation,
    protocols: readonly string[] = [],
  ): Promise<{ readonly ok: true; readonly socket: TLSSocket } | AnswerFault> {
    return new Promise((resolve) => {
      const fail = (reason: string, local = false) => {
        done();
        socket.destroy();
        resolve({ ok: false, stage: 'connect', reason, local });
      };
      const abort = () => fail('aborted', true);
      const late = setTimeout(() => fail(`no TLS handshake within ${inSeconds(timeout)} s`), inMilliseconds(timeout));
      const done = () => {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
      };
      if (signal.aborted) {
        abort();
        return;
      }
      let secure: TLSSocket;
      const { checkServerIdentity, connect } = tls();
      try {
        secure = connect({
          socket,
          servername: serverName,
          secureContext: this.#context(verifiedName !== undefined),
          rejectUnauthorized: verifiedName !== undefined,
          checkServerIdentity: (_name, certificate) =>
            verifiedName === undefined ? undefined : checkServerIdentity(verifiedName, certificate),
          ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
        });
      } catch (error) {
        // a file that is not there, or is no certificate
        fail((error as Error).message, true);
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      secure.on('error', (error: NodeJS.ErrnoException) => fail(`TLS: ${error.code ?? error.message}`));
      secure.once('secureConnect', () => {
        done();
        resolve({ ok: true, socket: secure });
      });
    });
  }

  #context(verifies: boolean): SecureContext {
    if (verifies) this.#verifying ??= tls().createSecureContext({ ...this.#shown(), ca: this.#trusted() });
    else this.#plain ??= tls().createSecureContext(this.#shown());
    return (verifies ? this.#verifying : this.#plain) as SecureContext;
  }

  #shown() {
    const { certificate, key, password } = this.#files;
    return {
      ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
      ...(key === undefined ? {} : { key: readFileSync(key) }),
      ...(password === undefined ? {} : { passphrase: password }),
    };
  }

  /** Undefined: the authorities that Node comes with. */
  #trusted(): Buffer | undefined {
    const { authority } = this.#files;
    if (authority !== undefined) return readFileSync(authority);
    return existsSync(SYSTEM_AUTHORITIES) ? readFileSync(SYSTEM_AUTHORITIES) : undefined;
  }
}

/** When the certificate of the other side ends, in ISO 8601; undefined: it has shown none. */
export function certificateEnd(socket: TLSSocket): string | undefined {
  const end = socket.getPeerX509Certificate()?.validTo;
  return end === undefined ? undefined : new Date(end).toISOString();
}

/** Loaded with the first connection: many have none. */
const tls = () => process.getBuiltinModule('node:tls');
