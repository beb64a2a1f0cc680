/** Virtual and real servers as keepalived writes them, in its log, its FIFO lines and its mails. */
import type { RealServer, SorryServer, VirtualServer } from './virtual-server.ts';

/** `[10.0.0.1]:tcp:80`, `FWM 7`, `[GROUP]:0`. */
export function virtualServerName({ target, protocol }: Pick<VirtualServer, 'target' | 'protocol'>): string {
  switch (target.kind) {
    case 'address':
      return endpointName(target, protocol);
    case 'fwmark':
      return `FWM ${target.fwmark}`;
    case 'group':
      return `[${target.name}]:${target.index}`;
  }
}

/** `[192.168.0.2]:tcp:80`; `none` stands for the protocol of a firewall mark. */
export const realServerName = (
  server: Pick<RealServer | SorryServer, 'address' | 'port'>,
  { protocol }: Pick<VirtualServer, 'protocol'>,
): string => endpointName(server, protocol);

const endpointName = (
  { address, port }: Pick<RealServer, 'address' | 'port'>,
  protocol: VirtualServer['protocol'],
): string => `[${address}]:${protocol?.toLowerCase() ?? 'none'}:${port}`;
