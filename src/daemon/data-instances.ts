/** The section `VRRP Topology` of keepalived.data: the virtual routers, as keepalived 2.2.7 shows them. */
import { inMilliseconds, inSeconds } from '../base/time.ts';
import type { NotifyScripts, Tracked, Tracking, UnicastPeer, VirtualAddress, VrrpInstance } from '../vrrp/instance.ts';
import { addressText, prefixText, routeText, ruleText } from './data-lines.ts';
import {
  type DumpHost,
  enabled,
  entry,
  entryIf,
  type Lines,
  listed,
  scriptLine,
  shortDecimal,
  yesNo,
} from './data-text.ts';

/** What an instance is doing. */
export interface InstanceState {
  readonly name: 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';
  readonly faults: number;
  /** Seconds since 1970. */
  readonly enteredAt_s: number;
  readonly masterDownTimer_us: number;
  /** 1-255 */
  readonly effectivePriority: number;
  readonly source: string;
  /** Texts of the addresses that the kernel has. */
  readonly isSet: boolean;
}

/** What a virtual router is shown with. */
export interface InstanceContext {
  readonly host: DumpHost;
  /** Absent: it does not run. */
  readonly state?: InstanceState | undefined;
  readonly syncGroup?: string | undefined;
  /** keepalived.conf(5) "vrrp_check_unicast_src". */
  readonly checksUnicastSource: boolean;
  readonly minGarp: boolean | undefined;
}

/** The lines of one virtual router. */
export function instanceLines(instance: VrrpInstance, context: InstanceContext): Lines {
  const { host, state, syncGroup, checksUnicastSource, minGarp } = context;
  const address = (one: VrrpInstance['virtualAddresses'][number]) => addressText(one, state?.isSet);
  return [
    ` VRRP Instance = ${instance.name}`,
    entry('VRRP Version', instance.version),
    entryIf('Sync group', syncGroup),
    instance.family === 'inet6' && '   Using Native IPv6',
    ...stateLines(instance, state),
    ...interfaceLines(instance, state, host),
    ...announcementLines(instance, minGarp),
    ...electionLines(instance, state),
    ...listed(`Virtual IP (${instance.virtualAddresses.length}):`, instance.virtualAddresses.map(address)),
    ...listed('Virtual IP Excluded :', instance.excludedAddresses.map(address)),
    ...unicastLines(instance, checksUnicastSource),
    state === undefined && '   No sockets allocated',
    ...listed('Virtual Routes :', instance.virtualRoutes.map(routeText)),
    ...listed('Virtual Rules :', instance.virtualRules.map(ruleText)),
    ...trackingLines(ownOf(instance.tracking)),
    entry('Using smtp notification', yesNo(instance.smtpAlert)),
    entry('Notify deleted', instance.notifyDeleted ? 'Deleted' : 'Fault'),
    ...notifyLines(instance.notify, host),
    entry('Notify priority changes', instance.notifyPriorityChanges),
  ];
}

function stateLines(instance: VrrpInstance, state: InstanceState | undefined): Lines {
  const flags = [
    instance.unicastPeers.length > 0 && '     Using unicast',
    instance.unicastConfigured &&
      instance.unicastPeers.length === 0 &&
      '     Unicast config option specified but using multicast',
    instance.unicastFaultNoPeer && '     If unicast go to fault state if no peers',
  ].filter((one) => one !== false);
  return [
    state !== undefined && entry('State', state.name),
    ...(flags.length === 0 ? ['   Flags: none'] : ['   Flags:', ...flags]),
    entry('Wantstate', state?.name ?? instance.state),
    entry('Number of config faults', 0),
    ...(state === undefined
      ? []
      : [
          entry('Number of interface and track script faults', state.faults),
          entry('Number of track scripts init', 0),
          entry('Last transition', moment(state.enteredAt_s)),
          entry('Master down timer', `${state.masterDownTimer_us} usecs`),
        ]),
  ];
}

/** `1796003304.029204 (Mon Nov 30 01:48:24.029204 2026)` */
function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  const [weekday, month, day, year, time] = date.toString().split(' ');
  const fraction = (seconds % 1).toFixed(6).slice(1);
  return `${seconds.toFixed(6)} (${weekday} ${month} ${day?.replace(/^0/, ' ')} ${time}${fraction} ${year})`;
}

function interfaceLines(instance: VrrpInstance, state: InstanceState | undefined, host: DumpHost): Lines {
  const { virtualMac, ipvlan, unicastPeers, multicastGroup } = instance;
  const sourceAddress = instance.sourceAddress ?? ipvlan?.address?.address;
  const source = sourceAddress ?? state?.source;
  return [
    ...(virtualMac === undefined
      ? []
      : [
          `   Use VMAC, i/f name ${virtualMac.name}, is_up = ${state !== undefined}, xmit_base = ${virtualMac.transmitBase}`,
          virtualMac.macFrom !== 'rfc' &&
            entry('MAC', `${virtualMac.mac}${virtualMac.macFrom === 'prefix' ? ' (using VRID)' : ''}`, '     '),
        ]),
    ipvlan !== undefined && ipvlanLine(ipvlan, state !== undefined),
    instance.useVmacAddresses && '   Use VMAC for VIPs on other interfaces',
    entry('Interface', interfaceText(instance, host)),
    !instance.trackPrimary && '   VRRP interface tracking disabled',
    instance.skipCheckAdvertisedAddresses && '   Skip checking advert IP addresses',
    instance.strictMode && '   Enforcing strict VRRP compliance',
    source !== undefined &&
      entry('Using src_ip', `${source}${sourceAddress === undefined ? '' : ' (from configuration)'}`),
    unicastPeers.length === 0 && `   Multicast address ${multicastGroup}`,
  ];
}

function interfaceText({ interface: base, virtualMac, ipvlan }: VrrpInstance, host: DumpHost): string {
  const own = virtualMac ?? ipvlan;
  if (own !== undefined && !host.hasInterface(base)) return own.name;
  if (virtualMac !== undefined) {
    return `${virtualMac.name}, vmac on ${base}${virtualMac.transmitBase ? ', xmit base i/f' : ''}`;
  }
  return ipvlan === undefined ? base : `${ipvlan.name}, ipvlan on ${base}`;
}

function ipvlanLine({ name, mode, address }: NonNullable<VrrpInstance['ipvlan']>, isUp: boolean): string {
  const shown = address === undefined ? '' : `, i/f address = ${prefixText(address)}`;
  return `   Use IPVLAN, i/f ${name}, is_up = ${isUp}${shown}, type ${mode}`;
}

/** Whether an address is on another interface than the advertisements. */
const isElsewhere = (address: VirtualAddress, { virtualMac, interface: name }: VrrpInstance): boolean =>
  (address.virtualMac ?? address.interface) !== (virtualMac?.name ?? name);

/** keepalived makes 0 of the one announcement with vrrp_min_garp, and announces once. */
export const shownRefreshRepeat = (repeat: number, minGarp = false): number => (minGarp && repeat === 1 ? 0 : repeat);

function announcementLines(instance: VrrpInstance, minGarp: boolean | undefined): Lines {
  const { garpExtraInterface: extra } = instance;
  const addresses = [...instance.virtualAddresses, ...instance.excludedAddresses];
  return [
    entry('Gratuitous ARP delay', inSeconds(instance.garpMasterDelay)),
    entry('Gratuitous ARP repeat', instance.garpMasterRepeat),
    entry('Gratuitous ARP refresh', inSeconds(instance.garpMasterRefresh)),
    entry('Gratuitous ARP refresh repeat', shownRefreshRepeat(instance.garpMasterRefreshRepeat, minGarp)),
    entry('Gratuitous ARP lower priority delay', inSeconds(instance.garpLowerPriorityDelay)),
    entry('Gratuitous ARP lower priority repeat', instance.garpLowerPriorityRepeat),
    entry('Down timer adverts', instance.downTimerAdverts),
    extra !== undefined &&
      extra.interval > 0 &&
      addresses.some((one) => isElsewhere(one, instance) && (extra.all || one.virtualMac !== undefined)) &&
      entry(`Gratuitous ARP for each secondary ${extra.all ? 'i/f' : 'VMAC'}`, inSeconds(extra.interval)),
    entry('Send advert after receive lower priority advert', !instance.lowerPriorityNoAdvert),
    entry('Send advert after receive higher priority advert', instance.higherPrioritySendAdvert),
  ];
}

function electionLines(instance: VrrpInstance, state: InstanceState | undefined): Lines {
  const { version, advertisementInterval, preemptDelay, authentication } = instance;
  return [
    entry('Virtual Router ID', instance.vrid),
    entry('Priority', instance.priority),
    ...(state === undefined
      ? []
      : [entry('Effective priority', state.effectivePriority), entry('Total priority', state.effectivePriority)]),
    entry(
      'Advert interval',
      version === 2 ? `${inSeconds(advertisementInterval)} sec` : `${inMilliseconds(advertisementInterval)} milli-sec`,
    ),
    entry('Accept', enabled(instance.acceptMode)),
    entry('Preempt', enabled(instance.preemptMode)),
    preemptDelay > 0 && entry('Preempt delay', `${shortDecimal(inSeconds(preemptDelay))} secs`),
    entry('Promote_secondaries', enabled(instance.promoteSecondaries)),
    ...(version === 2
      ? [
          entry('Authentication type', AUTHENTICATION[authentication?.type ?? 'none']),
          authentication?.type === 'PASS' && entry('Password', authentication.password),
        ]
      : []),
    entryIf('Kernel rx buffer size', instance.kernelReceiveBuffer || undefined),
  ];
}

const TTL_MAX = 255;
const AUTHENTICATION = { none: 'none', PASS: 'SIMPLE_PASSWORD', AH: 'IPSEC_AH' } as const;
const CHECKSUM = { auto: 'no', always: 'config', never: 'never' } as const;

const hasLimits = ({ minTtl, maxTtl }: UnicastPeer): boolean => minTtl > 0 || maxTtl < TTL_MAX;

/** @param isGlobal whether sources are checked because of global_defs, of which keepalived tells there only */
function unicastLines(instance: VrrpInstance, isGlobal: boolean): Lines {
  const { unicastPeers, unicastTtl, checkUnicastSource, oldUnicastChecksum } = instance;
  if (unicastPeers.length === 0) return [];
  return [
    // keepalived leaves the hop limit to the kernel there
    (instance.family === 'inet' || unicastTtl !== TTL_MAX) && entry('Unicast TTL', unicastTtl),
    `   Check unicast src : ${yesNo(checkUnicastSource && (!isGlobal || unicastPeers.some(hasLimits)))}`,
    ...listed(
      'Unicast Peer :',
      unicastPeers.map(({ address, minTtl, maxTtl }) => `${address} min_ttl ${minTtl} max_ttl ${maxTtl}`),
    ),
    entry('Unicast checksum compatibility', CHECKSUM[oldUnicastChecksum]),
  ];
}

/** `weight 5 reverse` */
export const weightText = ({ weight, reverse }: Pick<Tracked, 'weight' | 'reverse'>): string =>
  `weight ${weight}${reverse ? ' reverse' : ''}`;

/** What an instance or a group tracks itself. @param process how the head of processes is spelt */
export function trackingLines(tracking: Tracking, process = 'Tracked processes :'): Lines {
  return [
    ...listed(
      'Tracked interfaces :',
      tracking.interfaces.map((one) => `${one.name} ${weightText(one)}`),
    ),
    ...listed(
      'Tracked scripts :',
      tracking.scripts.map((one) => `${one.name} ${weightText(one)}`),
    ),
    ...listed(
      'Tracked files :',
      tracking.files.map((one) => `${one.name}, ${weightText(one)}`),
    ),
    ...listed(
      process,
      tracking.processes.map((one) => `${one.name}, ${weightText(one)}`),
    ),
    ...listed(
      'Tracked BFDs :',
      tracking.bfd.map((one) => `${one.name}: ${weightText(one)}`),
    ),
  ];
}

/** Without what the group brings. */
const ownOf = (tracking: Tracking): Tracking => {
  const own = (all: readonly Tracked[]) => all.filter(({ ofGroup }) => ofGroup !== true);
  return {
    interfaces: own(tracking.interfaces),
    scripts: own(tracking.scripts),
    files: own(tracking.files),
    processes: own(tracking.processes),
    bfd: own(tracking.bfd),
  };
};

const NOTIFY: readonly (readonly [keyof NotifyScripts, string])[] = [
  ['backup', 'Backup'],
  ['master', 'Master'],
  ['fault', 'Fault'],
  ['stop', 'Stop'],
  ['deleted', 'Deleted'],
  ['any', 'Generic'],
  ['masterLowerPriority', 'Master rx lower pri'],
];

/** The commands of an instance or a group. */
export const notifyLines = (notify: NotifyScripts, host: DumpHost): Lines =>
  NOTIFY.map(([key, name]) => scriptLine(`${name} state transition script`, notify[key], host));
