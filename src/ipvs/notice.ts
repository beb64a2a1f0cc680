/** What the health process tells of services and servers to scripts and FIFOs, in keepalived's words. */
import type { Script } from '../config/script.ts';

/** One change, in the order in which they happened. */
export interface LvsNotice {
  /** VS: the quorum of a virtual server; RS: a real server. */
  readonly subject: 'VS' | 'RS';
  /** The virtual server as keepalived writes it: `[10.0.0.1]:tcp:80`, `FWM 7`. */
  readonly virtualServer: string;
  /** The real server: `[192.168.0.2]:tcp:80`; of RS only. */
  readonly realServer?: string;
  readonly isUp: boolean;
  /** What a mail says of it; absent: nobody wants one. keepalived.conf(5) "smtp_alert" */
  readonly mail?: string;
  /** notify_up, notify_down, quorum_up or quorum_down, and its keyword. */
  readonly command?: { readonly keyword: string; readonly script: Script };
}

/** `VS [10.0.0.1]:tcp:80 UP` or `RS [192.168.0.2]:tcp:80 [10.0.0.1]:tcp:80 DOWN`, with its end of line. */
export const lvsFifoLine = ({ subject, virtualServer, realServer, isUp }: LvsNotice): string =>
  `${subject} ${realServer === undefined ? '' : `${realServer} `}${virtualServer} ${isUp ? 'UP' : 'DOWN'}\n`;
