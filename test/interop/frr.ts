/**
 * FRR's vrrpd (Debian package frr) as an agent of a pair. Its addresses lie on macvlan interfaces of their own, which it
 * switches on and off; zebra tells it of them.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Family } from '../../src/base/address.ts';
import { virtualMac } from '../../src/wire/ethernet.ts';

const VRID = 50;
/** As holdfast has it: a busy machine is not to decide the election. */
const REAL_TIME = 'chrt --rr 50';
const LINK = `vrrp-${VRID}`;

/** The configuration of a virtual router on eth0, as `frrCommand` takes it. @param own its link-local address, for IPv6 */
export const frrText = (priority: number, interval: number, addresses: readonly string[], own: string): string =>
  JSON.stringify({
    family: own === '' ? 'inet' : 'inet6',
    // it speaks from the link-local address that was given last
    addresses: own === '' ? addresses : [...addresses, own],
    configuration: [
      'interface eth0',
      `vrrp ${VRID} version 3`,
      `vrrp ${VRID} priority ${priority}`,
      `vrrp ${VRID} advertisement-interval ${Math.round(interval * 1000)}`,
      ...addresses.map((address) => `vrrp ${VRID} ${own === '' ? 'ip' : 'ipv6'} ${address}`),
    ].join('\n '),
  });

/** Program and arguments that run it with this configuration; SIGTERM ends it in order. */
export function frrCommand(text: string, directory: string): string[] {
  const { family, addresses, configuration } = JSON.parse(text) as {
    family: Family;
    addresses: string[];
    configuration: string;
  };
  const at = (name: string) => join(directory, name);
  writeFileSync(at('vrrpd.conf'), `${configuration}\n`);
  writeFileSync(at('zebra.conf'), '');
  // both give up root for a user of their own
  chmodSync(dirname(directory), 0o755);
  chmodSync(directory, 0o777);
  const options = `-z ${at('zserv.api')} --vty_socket ${directory} -u frr -g frr -A 127.0.0.1 -P 0 --log stdout`;
  const daemon = (name: string) => `/usr/lib/frr/${name} -f ${at(`${name}.conf`)} -i ${at(`${name}.pid`)} ${options}`;
  const length = family === 'inet' ? 24 : '64 nodad';
  const script = `
    ip link delete ${LINK} 2>/dev/null
    set -e
    ip link add ${LINK} link eth0 address ${virtualMac(VRID, family)} type macvlan mode bridge
    ip link set ${LINK} addrgenmode none
    ${addresses.map((address) => `ip address add ${address}/${length} dev ${LINK}`).join('\n    ')}
    ip link set ${LINK} up
    ${REAL_TIME} ${daemon('zebra')} &
    zebra=$!
    while [ ! -S ${at('zserv.api')} ]; do sleep 0.05; done
    ${REAL_TIME} ${daemon('vrrpd')} &
    vrrpd=$!
    set +e
    trap 'kill -TERM $vrrpd; wait $vrrpd; kill -TERM $zebra; wait $zebra; ip link delete ${LINK}; exit 0' TERM
    wait $vrrpd`;
  return ['sh', '-c', script];
}
