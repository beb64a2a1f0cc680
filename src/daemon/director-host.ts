/**
 * What a director needs of its host, and what on it will be in the way: the mistakes around the configuration, which no
 * reading of the file can find. Pure; `holdfast doctor` collects the facts.
 *
 * Kernel documentation: networking/ip-sysctl ("ip_forward", "send_redirects"), ipvsadm(8).
 */
import { familyOf, type IpAddress } from '../base/address.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';

/** What is known of the host. */
export interface HostFacts {
  /** A kernel parameter by the name that sysctl(8) has; undefined: the kernel has none of that name. */
  sysctl(name: string): string | undefined;
  readonly links: ReadonlyMap<string, { readonly up: boolean; readonly running: boolean; readonly multicast: boolean }>;
  readonly addresses: readonly { readonly interface: string; readonly address: IpAddress; readonly isOurs: boolean }[];
  /** undefined: the kernel has IPVS, or can load it; otherwise why not. */
  readonly whyNoIpvs: string | undefined;
  /** Schedulers that can neither be used nor loaded. */
  readonly missingSchedulers: readonly string[];
  /** `nft list ruleset`; undefined: it cannot be asked. */
  readonly ruleset: string | undefined;
  /** Programs that may run beside us: their names. */
  readonly processes: ReadonlySet<string>;
  readonly hasAgent: boolean;
}

/** One thing that was looked at. */
export interface Finding {
  readonly severity: 'ok' | 'note' | 'warning' | 'error';
  /** Kebab-case, stable. */
  readonly check: string;
  /** What was found, and what follows from it. */
  readonly message: string;
  /** What helps; absent: nothing has to be done. */
  readonly remedy?: string;
}

export interface Configured {
  readonly instances: readonly Pick<
    VrrpInstance,
    'name' | 'interface' | 'unicastPeers' | 'virtualAddresses' | 'virtualRoutes' | 'virtualRules'
  >[];
  readonly virtualServers: readonly VirtualServer[];
}

/** Everything that was looked at, what is wrong and what is right, in the order in which one would look. */
export function examineDirector(configured: Configured, facts: HostFacts): Finding[] {
  return [
    ...interfaces(configured, facts),
    ...strangers(configured, facts),
    ...forwarding(configured, facts),
    ...ipvs(configured, facts),
    ...packetFilter(configured, facts),
    ...marks(configured, facts),
  ];
}

function interfaces({ instances }: Configured, { links }: HostFacts): Finding[] {
  const check = 'interface';
  return [...new Set(instances.map((one) => one.interface))].flatMap((name): Finding[] => {
    const link = links.get(name);
    const who = instances.filter((one) => one.interface === name);
    const names = who.map((one) => one.name).join(', ');
    if (link === undefined) {
      return [{ severity: 'error', check, message: `there is no interface ${name}: ${names} will be in FAULT` }];
    }
    if (!link.up) {
      const message = `interface ${name} is down: ${names} will be in FAULT`;
      return [{ severity: 'error', check, message, remedy: `ip link set ${name} up` }];
    }
    if (!link.running)
      return [{ severity: 'error', check, message: `interface ${name} has no carrier: ${names} will be in FAULT` }];
    if (!link.multicast && who.some((one) => one.unicastPeers.length === 0)) {
      const message = `interface ${name} does not do multicast, which ${names} advertises by`;
      return [{ severity: 'error', check, message, remedy: `unicast_peer, or ip link set ${name} multicast on` }];
    }
    return [{ severity: 'ok', check, message: `interface ${name} is up` }];
  });
}

/** Who else may hold or remove the addresses. */
function strangers({ instances }: Configured, { processes, addresses, hasAgent }: HostFacts): Finding[] {
  const findings: Finding[] = [];
  for (const program of ['keepalived', 'vrrpd', 'ucarp', 'pacemakerd'].filter((name) => processes.has(name))) {
    const message = `${program} runs on this host: both would hold addresses and write the IPVS table`;
    findings.push({ severity: 'error', check: 'other-agent', message, remedy: `systemctl disable --now ${program}` });
  }
  const virtual = new Map(instances.flatMap((one) => one.virtualAddresses.map(({ address }) => [address, one.name])));
  for (const { interface: name, address, isOurs } of addresses) {
    const instance = virtual.get(address);
    if (instance === undefined || isOurs) continue;
    const message = `${address}, a virtual address of ${instance}, is on ${name} already, and not by us: this node answers for it whoever is MASTER`;
    findings.push({
      severity: 'error',
      check: 'foreign-address',
      message,
      remedy: `ip address del ${address} dev ${name}, and wherever it is configured`,
    });
  }
  const hasRoutes = instances.some(({ virtualRoutes, virtualRules }) => virtualRoutes.length + virtualRules.length > 0);
  if (processes.has('systemd-network') && hasRoutes) {
    findings.push({
      severity: 'warning',
      check: 'networkd',
      message: 'systemd-networkd removes routes and rules of others when it starts again',
      remedy: 'networkd.conf: ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no',
    });
  }
  if (processes.has('NetworkManager')) {
    findings.push({
      severity: 'note',
      check: 'network-manager',
      message: 'NetworkManager takes addresses of others away when it activates a connection anew; they are put back',
      remedy: `NetworkManager.conf: [keyfile] unmanaged-devices=${[...new Set(instances.map((one) => `interface-name:${one.interface}`))].join(';')}`,
    });
  }
  if (findings.length === 0 && !hasAgent)
    findings.push({ severity: 'ok', check: 'other-agent', message: 'nobody else holds virtual addresses' });
  return findings;
}

/** Packets of clients pass through. */
function forwarding({ instances, virtualServers }: Configured, facts: HostFacts): Finding[] {
  const findings: Finding[] = [];
  const nat = virtualServers.filter((one) =>
    one.realServers.some((real) => real.settings.forwardingMethod === 'masquerading'),
  );
  if (nat.length === 0) return findings;
  const families = new Set(nat.flatMap((one) => one.realServers.map((real) => familyOf(real.address))));
  const switches = { inet: 'net.ipv4.ip_forward', inet6: 'net.ipv6.conf.all.forwarding' } as const;
  for (const family of families) {
    const name = switches[family];
    const isOn = facts.sysctl(name) === '1';
    findings.push(
      isOn
        ? { severity: 'ok', check: 'forwarding', message: `${name} is 1, which NAT needs` }
        : {
            severity: 'error',
            check: 'forwarding',
            message: `${name} is off: with NAT no answer of a real server passes`,
            remedy: `sysctl -w ${name}=1`,
          },
    );
  }
  if (!families.has('inet')) return findings;
  for (const name of ['all', ...new Set(instances.map((one) => one.interface))]) {
    const parameter = `net.ipv4.conf.${name.replaceAll('.', '/')}.send_redirects`;
    if (facts.sysctl(parameter) !== '1') continue;
    const message = `${parameter} is 1: with NAT on one network the director tells real servers to answer clients directly, past it`;
    findings.push({ severity: 'warning', check: 'redirects', message, remedy: `sysctl -w ${parameter}=0` });
  }
  return findings;
}

function ipvs({ virtualServers }: Configured, { whyNoIpvs, missingSchedulers }: HostFacts): Finding[] {
  if (virtualServers.length === 0) return [];
  if (whyNoIpvs !== undefined) {
    return [
      { severity: 'error', check: 'ipvs', message: whyNoIpvs, remedy: 'a kernel with CONFIG_IP_VS; modprobe ip_vs' },
    ];
  }
  const findings: Finding[] = [{ severity: 'ok', check: 'ipvs', message: 'the kernel has IPVS' }];
  for (const scheduler of missingSchedulers) {
    const users = virtualServers.filter((one) => one.scheduler === scheduler).map(({ id }) => id);
    const message = `the kernel has no scheduler ${scheduler}, which ${users.join(', ')} asks for`;
    findings.push({ severity: 'error', check: 'scheduler', message, remedy: `modprobe ip_vs_${scheduler}` });
  }
  return findings;
}

/** A chain that drops what it does not know, and knows nothing of VRRP. */
function packetFilter({ instances }: Configured, { ruleset }: HostFacts): Finding[] {
  if (instances.length === 0) return [];
  if (ruleset === undefined) {
    return [
      {
        severity: 'note',
        check: 'packet-filter',
        message: 'nft cannot be asked: whether a packet filter lets VRRP pass is not known',
      },
    ];
  }
  const drops = /type filter hook input [^\n]*policy drop/.test(ruleset);
  const knowsVrrp = /\bvrrp\b|\bl4proto 112\b|\bprotocol 112\b|\bnexthdr 112\b/.test(ruleset);
  if (!drops || knowsVrrp)
    return [{ severity: 'ok', check: 'packet-filter', message: 'no packet filter keeps VRRP out' }];
  return [
    {
      severity: 'error',
      check: 'packet-filter',
      message:
        'the packet filter drops what it does not know, and no rule speaks of VRRP: this node hears nobody and becomes MASTER',
      remedy: 'nft add rule inet filter input meta l4proto 112 accept, in front of what drops',
    },
  ];
}

/** Somebody has to set the marks. */
function marks({ virtualServers }: Configured, { ruleset }: HostFacts): Finding[] {
  if (ruleset === undefined) return [];
  const wanted = virtualServers.flatMap(({ target }) =>
    target.kind === 'fwmark'
      ? [target.fwmark]
      : target.kind === 'group'
        ? target.members.flatMap((one) => (one.kind === 'fwmark' ? [one.fwmark] : []))
        : [],
  );
  return [...new Set(wanted)].flatMap((mark): Finding[] => {
    const hex = mark.toString(16).padStart(8, '0');
    if (new RegExp(`mark set (0x0*${mark.toString(16)}|0x${hex}|${mark})\\b`).test(ruleset)) return [];
    const message = `no rule of nft sets the firewall mark ${mark}, which a virtual server is for`;
    const remedy = `nft add rule ip mangle prerouting ip daddr ADDRESS tcp dport PORT meta mark set ${mark}`;
    return [{ severity: 'warning', check: 'fwmark', message, remedy }];
  });
}
