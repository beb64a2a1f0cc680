/** HTTP_GET and SSL_GET: healthy when each of their pages is as it should be. keepalived.conf(5) "HTTP_GET". */

import { familyOf } from '../base/address.ts';
import type { Cancellation } from '../base/cancellation.ts';
import { type CheckerKind, type CheckIo, type CheckResult, resultOf, type TlsRequest, targetOf } from './checker.ts';
import type { Page, WebChecker } from './checker-config.ts';
import { HttpJudge } from './http-answer.ts';

const webCheck = (keyword: WebChecker['kind']): CheckerKind<WebChecker> => ({ keyword, check });

export const httpCheck = webCheck('HTTP_GET');
export const sslCheck = webCheck('SSL_GET');

async function check(config: WebChecker, io: CheckIo, signal: Cancellation, step: number): Promise<CheckResult> {
  const page = config.pages[step];
  if (page === undefined) return { outcome: 'inconclusive', reason: `there is no page ${step}` };
  const judge = HttpJudge.of(page, io);
  if (!judge.ok) return { outcome: 'inconclusive', reason: `regex of ${page.path}: ${judge.reason}` };
  const outcome = await io.get(
    {
      ...targetOf(config),
      path: page.path,
      host: hostOf(config, page),
      protocol: config.httpProtocol,
      tls: config.kind === 'SSL_GET' ? tlsOf(config, page) : undefined,
      onHead: (head) => judge.value.head(head),
      onBody: (piece) => judge.value.take(piece),
    },
    signal,
  );
  if (!outcome.ok) return named(page, resultOf(outcome));
  return named(page, judge.value.verdict(outcome.status, outcome.certificateEnd));
}

/** Says which page it was. */
const named = (page: Page, result: CheckResult): CheckResult =>
  result.outcome === 'healthy' || result.reason.startsWith('connect: ')
    ? result
    : { ...result, reason: `${page.path}: ${result.reason}` };

/** The nearest virtual host as it is, else the address with the port, also the usual one: as keepalived. */
function hostOf(config: WebChecker, page: Page): string {
  const name = virtualHostOf(config, page);
  if (name !== undefined) return name;
  const { connectAddress, connectPort } = config;
  return familyOf(connectAddress) === 'inet'
    ? `${connectAddress}:${connectPort}`
    : `[${connectAddress}]:${connectPort}`;
}

const virtualHostOf = (config: WebChecker, page: Page): string | undefined =>
  page.virtualHost ?? config.virtualHost ?? config.inheritedVirtualHost;

function tlsOf(config: WebChecker, page: Page): TlsRequest {
  // a port may stand in a Host header, not in a name
  const name = (config.sniName ?? virtualHostOf(config, page))?.replace(/:\d+$/, '');
  return {
    serverName: config.enableSni ? name : undefined,
    verifiedName: config.tlsVerify ? (name ?? config.connectAddress) : undefined,
    goodbye: page.tlsCompliant ?? config.tlsCompliant,
  };
}
