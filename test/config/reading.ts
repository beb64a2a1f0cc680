/** Reading a configuration from a string, and what was said about it in one line each. */

import type { CheckerConfig } from '../../src/checks/checker-config.ts';
import type { Diagnostic } from '../../src/config/diagnostics.ts';
import { checkersOf } from '../../src/daemon/real-server-checkers.ts';
import { type ReadOutcome, readConfiguration } from '../../src/daemon/root.ts';

/** The outcome for a file of that text. */
export const read = (text: string | Uint8Array): ReadOutcome => readConfiguration('test.conf', () => text);

/** `line:column severity: message; suggestion`. */
export const sentence = ({ line, column, severity, message, suggestion }: Diagnostic): string =>
  `${line}:${column} ${severity}: ${message}${suggestion === undefined ? '' : `; ${suggestion}`}`;

/** All that is said about a text, in order. */
export const said = (text: string | Uint8Array): string[] => read(text).diagnostics.map(sentence);

/** An instance that nothing is to be said about, with further lines after the third. */
export const instanceWith = (...lines: string[]): string =>
  [
    'vrrp_instance VI_1 {',
    'interface eth0',
    'virtual_router_id 50',
    ...lines,
    'virtual_ipaddress {',
    '192.168.4.15',
    '}',
    '}',
    '',
  ].join('\n');

/** The first instance of `instanceWith`. */
export const instanceOf = (...lines: string[]) => read(instanceWith(...lines)).configuration.instances[0];

/** A virtual server that nothing is to be said about, with further lines from the fifth on. */
export const serviceWith = (...lines: string[]): string =>
  [
    'virtual_server 192.168.4.15 80 {',
    'protocol TCP',
    'lb_algo wrr',
    'lb_kind NAT',
    ...lines,
    'real_server 192.168.4.100 80 {',
    '}',
    '}',
    '',
  ].join('\n');

/** The first virtual server of a text. */
export const serviceOf = (text: string) => read(text).configuration.virtualServers[0];

/** The checkers of its first real server. */
export const checkersIn = (text: string): CheckerConfig[] => {
  const [server] = serviceOf(text)?.realServers ?? [];
  return server === undefined ? [] : checkersOf(server);
};

/** A virtual server whose only real server has these lines from the sixth on. */
export const realServerWith = (...lines: string[]): string =>
  [
    'virtual_server 192.168.4.15 80 {',
    'protocol TCP',
    'lb_algo wrr',
    'lb_kind NAT',
    'real_server 192.168.4.100 80 {',
    ...lines,
    '}',
    '}',
    '',
  ].join('\n');
