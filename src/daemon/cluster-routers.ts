/** What keeps the instances of one virtual router from working together. keepalived's side of it: keepalived 2.2.7. */
import { compareAddresses, type IpAddress } from '../base/address.ts';
import { inSeconds } from '../base/time.ts';
import type { Severity } from '../config/diagnostics.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import {
  addressesOf,
  apart,
  type ClusterNode,
  enumerate,
  enumerateFew,
  type Finding,
  type FindingCode,
  lacking,
  type Member,
  placeOf,
  type RouterGroup,
} from './cluster.ts';
import { usualPriority } from './cluster-tracking.ts';

const OWNER_PRIORITY = 255;

/** What is wrong with a virtual router. @param nodes all nodes, for those that do not have it */
export function checkRouter(group: RouterGroup, nodes: readonly ClusterNode[]): Finding[] {
  const checks = new RouterChecks(group);
  return [
    ...checks.missing(nodes),
    ...checks.identity(),
    ...checks.authentication(),
    ...checks.addresses(),
    ...checks.transport(),
    ...checks.priorities(),
    ...checks.preemption(),
  ];
}

/** `VI_1`, as messages begin. */
export const titleOf = (group: RouterGroup): string =>
  [...new Set(group.map(({ instance }) => instance.name))].join('/');

class RouterChecks {
  readonly #group: RouterGroup;
  /** The addresses in messages. */
  readonly #vips: string;

  constructor(group: RouterGroup) {
    this.#group = group;
    const advertised = new Set(group.flatMap(({ instance }) => addressesOf(instance)));
    this.#vips = advertised.size === 0 ? 'the router' : enumerateFew([...advertised].sort());
  }

  missing(nodes: readonly ClusterNode[]): Finding[] {
    const without = nodes.filter((node) => this.#group.every((member) => member.node !== node));
    const vrid = this.#group[0]?.instance.vrid;
    if (without.length === 0) return [];
    const [have, lack] = [this.#names(), enumerate(without.map(({ name }) => name))];
    const alone = this.#group.length === 1 ? `when ${have} fails, nobody takes over ${this.#vips}` : undefined;
    return [
      this.#finding(
        'warning',
        'router-missing',
        `${have} ${this.#group.length === 1 ? 'has' : 'have'} virtual router ${vrid} and ${lack} ` +
          `${without.length === 1 ? 'does' : 'do'} not: ${alone ?? `${lack} never ${without.length === 1 ? 'takes' : 'take'} over ${this.#vips}`}`,
      ),
    ];
  }

  /** VRID, version and interval: whether they hear each other as the same virtual router. */
  identity(): Finding[] {
    const vrid = apart(this.#group, ({ instance }) => `virtual_router_id ${instance.vrid}`);
    const version = apart(this.#group, ({ instance }) => `VRRP version ${instance.version}`);
    const interval = apart(this.#group, ({ instance }) => `advert_int ${inSeconds(instance.advertisementInterval)} s`);
    const isVersion2 = this.#group.some(({ instance }) => instance.version === 2);
    return [
      ...this.#when(
        vrid,
        'error',
        'vrid',
        `each takes itself for the only router, and all are MASTER of ${this.#vips}`,
        ['virtual_router_id'],
      ),
      ...this.#when(
        version,
        'error',
        'version',
        `each discards the other's advertisements, and all become MASTER of ${this.#vips}`,
        ['version'],
      ),
      ...(isVersion2
        ? this.#when(
            version === undefined ? interval : undefined,
            'error',
            'advert-int',
            `in version 2 each discards the other's advertisements, and all become MASTER of ${this.#vips}`,
            ['advert_int'],
          )
        : this.#when(
            interval,
            'note',
            'advert-int',
            'in version 3 a Backup goes by the interval of its Master, so a failover takes longer from one than from another',
            ['advert_int'],
          )),
    ];
  }

  authentication(): Finding[] {
    if (apart(this.#group, ({ instance }) => `${instance.version}`) !== undefined) return [];
    const consequence = `each discards the other's advertisements, and all become MASTER of ${this.#vips}`;
    const type = apart(this.#group, ({ instance }) => {
      const { type: kind } = instance.authentication ?? {};
      return kind === undefined ? 'no authentication' : `auth_type ${kind}`;
    });
    if (type !== undefined) return this.#when(type, 'error', 'authentication', consequence, ['authentication']);
    const passwords = new Set(this.#group.map(({ instance }) => instance.authentication?.password));
    if (passwords.size < 2) return [];
    const message = `the passwords of ${this.#names()} differ`;
    return this.#when(message, 'error', 'password', consequence, ['auth_pass']);
  }

  addresses(): Finding[] {
    const advertised = lacking(this.#group, (member) => member.instance.virtualAddresses.map(({ address }) => address));
    const held = lacking(this.#group, (member) => addressesOf(member.instance));
    if (advertised !== undefined) {
      return this.#when(
        advertised,
        'error',
        'vip-list',
        'keepalived 2.2.7 discards an advertisement with other addresses, so all become MASTER; holdfast listens, and what ' +
          'the MASTER does not have is gone',
        ['virtual_ipaddress'],
      );
    }
    return this.#when(held, 'warning', 'excluded-list', 'what the MASTER does not have is gone', [
      'virtual_ipaddress_excluded',
    ]);
  }

  /** Whether what one sends reaches the others. */
  transport(): Finding[] {
    const mode = apart(
      this.#group,
      ({ instance }) => (instance.unicastPeers.length > 0 ? 'unicast_peer' : 'multicast'),
      'uses',
    );
    const consequence = `neither side hears the other, and all become MASTER of ${this.#vips}`;
    if (mode !== undefined) return this.#when(mode, 'error', 'unicast-multicast', consequence, ['unicast_peer']);
    if (this.#group.some(({ instance }) => instance.unicastPeers.length > 0)) return this.#peers();
    const multicastGroup = apart(
      this.#group,
      ({ node }) => `the multicast group ${node.configuration.global.multicastGroup}`,
      'uses',
    );
    if (multicastGroup === undefined) return [];
    const places = this.#group.map(({ node, statement }) => {
      const given = node.statements.findLast(({ keyword }) => keyword.text === 'global_defs');
      return placeOf(given ?? statement, 'vrrp_mcast_group4');
    });
    return [
      {
        severity: 'error',
        code: 'multicast-group',
        message: this.#sentence(this.#wording(`${multicastGroup}: ${consequence}`)),
        places,
      },
    ];
  }

  #peers(): Finding[] {
    const deaf: { sender: Member; receiver: Member }[] = [];
    for (const sender of this.#group) {
      for (const receiver of this.#group) {
        const { sourceAddress } = receiver.instance;
        const reaches = sourceAddress === undefined || names(sender.instance, sourceAddress);
        if (sender !== receiver && !reaches) deaf.push({ sender, receiver });
      }
    }
    if (deaf.length > 0) {
      const lines = deaf.map(
        ({ sender, receiver }) =>
          `unicast_peer of ${sender.node.name} does not name ${receiver.node.name} (${receiver.instance.sourceAddress})`,
      );
      const [only] = deaf;
      const harmless = deaf.length === 1 && only !== undefined && !outranks(only.sender, only.receiver);
      const receivers = enumerate([...new Set(deaf.map(({ receiver }) => receiver.node.name))]);
      const consequence = harmless
        ? `${receivers} never hears ${only.sender.node.name} as MASTER, and takes over from it at every start`
        : `${receivers} hears nobody there and becomes MASTER of ${this.#vips} too`;
      return [
        this.#finding(
          harmless ? 'warning' : 'error',
          'unicast-peers',
          `${enumerate(lines)}: ${consequence}`,
          'unicast_peer',
        ),
      ];
    }
    return this.#sameOnlyPeer();
  }

  /** Without source addresses one thing can still be told: two nodes cannot both have the same node as their only peer. */
  #sameOnlyPeer(): Finding[] {
    const [first, second, ...more] = this.#group;
    if (first === undefined || second === undefined || more.length > 0) return [];
    const [peer, ...others] = first.instance.unicastPeers.map(({ address }) => address);
    const same = others.length === 0 && second.instance.unicastPeers.length === 1;
    if (peer === undefined || !same || second.instance.unicastPeers[0]?.address !== peer) return [];
    return [
      this.#finding(
        'error',
        'unicast-peers',
        `both ${this.#names()} have the only unicast_peer ${peer}: one of them sends to itself, ` +
          `the other hears nobody, and both become MASTER of ${this.#vips}`,
        'unicast_peer',
      ),
    ];
  }

  priorities(): Finding[] {
    const equals = new Map<number, Member[]>();
    for (const member of this.#group) {
      const priority = usualPriority(member);
      equals.set(priority, [...(equals.get(priority) ?? []), member]);
    }
    return [...equals].flatMap(([priority, members]) => {
      if (members.length < 2) return [];
      const names = enumerate(members.map(({ node }) => node.name));
      const winner = highestAddress(members);
      const wins = `the higher address wins${winner === undefined ? '' : ` (${winner})`}`;
      return priority === OWNER_PRIORITY
        ? [
            this.#finding(
              'error',
              'two-owners',
              `${names} have priority 255: each is MASTER at once when it starts and takes ${this.#vips} away from the other`,
              'priority',
              members,
            ),
          ]
        : [
            this.#finding(
              'warning',
              'equal-priority',
              `${names} have the same priority ${priority}: after an outage they become MASTER of ${this.#vips} at the same ` +
                `moment, and then ${wins}`,
              'priority',
              members,
            ),
          ];
    });
  }

  /** nopreempt and preempt_delay count on the router that would come back: the one of the highest priority. */
  preemption(): Finding[] {
    const highest = this.#group.reduce<Member | undefined>(
      (best, member) => (best === undefined || usualPriority(member) > usualPriority(best) ? member : best),
      undefined,
    );
    if (highest === undefined || this.#group.length < 2) return [];
    const reason = (keyword: string) =>
      asks(highest, keyword)
        ? highest.instance.priority === OWNER_PRIORITY
          ? 'does not go with priority 255'
          : `does not go with state ${highest.instance.state}`
        : `is not set on ${highest.node.name}`;
    const back = `${highest.node.name}, which has the highest priority, takes ${this.#vips} back`;
    if (
      highest.instance.preemptMode &&
      this.#group.some((member) => asks(member, 'nopreempt') && !asks(member, 'preempt'))
    ) {
      return [
        this.#finding(
          'warning',
          'nopreempt',
          `nopreempt ${reason('nopreempt')}: ${back} as soon as it returns`,
          'nopreempt',
        ),
      ];
    }
    const delayed = this.#group.some((member) => asks(member, 'preempt_delay'));
    if (!delayed || highest.instance.preemptDelay > 0 || !highest.instance.preemptMode) return [];
    return [
      this.#finding(
        'warning',
        'preempt-delay',
        `preempt_delay ${reason('preempt_delay')}: ${back} without delay`,
        'preempt_delay',
      ),
    ];
  }

  #when(
    difference: string | undefined,
    severity: Severity,
    code: FindingCode,
    consequence: string,
    keywords: readonly string[],
  ): Finding[] {
    if (difference === undefined) return [];
    return [this.#finding(severity, code, `${difference}: ${this.#wording(consequence)}`, keywords[0] ?? '')];
  }

  #finding(
    severity: Severity,
    code: FindingCode,
    message: string,
    keyword = '',
    members: readonly Member[] = this.#group,
  ): Finding {
    const places = members.map(({ statement }) => placeOf(statement, keyword));
    return { severity, code, message: this.#sentence(this.#wording(message)), places };
  }

  /** Two are both, more are all. */
  #wording(text: string): string {
    return this.#group.length === 2 ? text.replace(/\ball (become|are) MASTER/, 'both $1 MASTER') : text;
  }

  #sentence(text: string): string {
    return `${titleOf(this.#group)}: ${text}`;
  }

  #names(): string {
    return enumerate(this.#group.map(({ node }) => node.name));
  }
}

/** Whether unicast_peer has the address. */
const names = ({ unicastPeers }: VrrpInstance, address: IpAddress): boolean =>
  unicastPeers.some((peer) => peer.address === address);

/** Whether the file says it, acted on or not. */
const asks = ({ statement }: Member, keyword: string): boolean =>
  (statement.block ?? []).some((inner) => inner.keyword.text === keyword);

const outranks = (a: Member, b: Member): boolean => usualPriority(a) > usualPriority(b);

/** The member with the highest source address, where all of them are given. */
function highestAddress(members: readonly Member[]): string | undefined {
  const known = members.flatMap(({ node, instance: { sourceAddress } }): [string, IpAddress][] =>
    sourceAddress === undefined ? [] : [[node.name, sourceAddress]],
  );
  if (known.length < members.length) return undefined;
  return known.reduce((a, b) => (compareAddresses(a[1], b[1]) > 0 ? a : b))[0];
}
