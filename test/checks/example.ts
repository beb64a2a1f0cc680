/** Values that checkers have without a further word in the file. */
import type { IpAddress } from '../../src/base/address.ts';
import type { CheckIo, CheckResult } from '../../src/checks/checker.ts';
import type { Connection, Page, Timing, WebChecker } from '../../src/checks/checker-config.ts';
import { realIo } from '../support/checker-conformance.ts';
import { tcpChecker } from '../support/servers.ts';

/** When and where: TCP_CHECK without its kind. */
export function common(connectAddress: IpAddress, connectPort: number): Timing & Connection {
  const { kind: _, ...rest } = tcpChecker({ connectAddress, connectPort });
  return rest;
}

export const page = (different: Partial<Page> = {}): Page => ({ path: '/', statusCodes: [[200, 299]], ...different });

export const webChecker = (
  kind: WebChecker['kind'],
  address: IpAddress,
  port: number,
  different: Partial<WebChecker> = {},
): WebChecker => ({
  kind,
  ...common(address, port),
  pages: [page()],
  httpProtocol: '1.0',
  enableSni: false,
  fastRecovery: false,
  tlsCompliant: false,
  tlsVerify: false,
  ...different,
});

/** The world, with these answers instead of some of its own. */
export const worldWith = (different: Partial<CheckIo>): CheckIo => ({ ...realIo, ...different });

export const never = new AbortController().signal;

export const HEALTHY: CheckResult = { outcome: 'healthy' };
