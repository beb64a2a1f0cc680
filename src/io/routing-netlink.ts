/**
 * Routes and rules of policy routing of this host: reads them, adds and removes them, reports what changes. rtnetlink(7).
 *
 * Apart from interfaces and addresses (route-netlink.ts), because a host that learns routes by a routing protocol has a
 * hundred thousand of them and as many events: they must not cost an event about an address, and who has no routes of
 * his own does not open this. They are what the kernel says (src/wire), protocol and all; which are ours is src/vrrp's.
 */

import type { Family } from '../base/address.ts';
import type { Result } from '../base/result.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from '../wire/netlink.ts';
import { encodeRouteRequest, type Prefix } from '../wire/rtnetlink-head.ts';
import {
  decodeRoute,
  encodeRoute,
  type RouteMessage,
  RTM_DELROUTE,
  RTM_F_CLONED,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_ROUTE,
} from '../wire/rtnetlink-route.ts';
import {
  decodeRule,
  encodeRule,
  RTM_DELRULE,
  RTM_GETRULE,
  RTM_NEWRULE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_RULE,
  type RuleMessage,
} from '../wire/rtnetlink-rule.ts';
import { NETLINK_ROUTE } from './constants.ts';
import { readAll } from './netlink-dump.ts';
import { type NetlinkEvent, type NetlinkRequest, NetlinkSocket, type NetlinkSocketOptions } from './netlink-socket.ts';

/** What changed. An unchanged one may be reported as added again; after an overrun everything has to be read. */
export type RoutingEvent =
  | { readonly type: 'route-added' | 'route-removed'; readonly route: RouteMessage }
  | { readonly type: 'rule-added' | 'rule-removed'; readonly rule: RuleMessage }
  | { readonly type: 'overrun' };

/**
 * How a route is added where there is one to the same destination: refused, before it, behind it. IPv6 knows no
 * difference between the last two: both make one more way of the one that is there.
 */
export type RouteAction = 'add' | 'prepend' | 'append';

const ACTION_FLAGS: { readonly [A in RouteAction]: number } = {
  add: NLM_F_CREATE | NLM_F_EXCL,
  prepend: NLM_F_CREATE,
  append: NLM_F_CREATE | NLM_F_APPEND,
};

/** Bytes: about fifteen thousand events. */
const EVENT_BUFFER = 1 << 24;

/** See the file's head. While open it keeps the process alive. */
export class RoutingNetlink {
  readonly #requests: NetlinkSocket;
  readonly #events: NetlinkSocket;

  /** Events are collected from here on, so what is read afterwards is never older. Throws SystemError. */
  static open(options: Pick<NetlinkSocketOptions, 'createSocket' | 'aside'> = {}): RoutingNetlink {
    const requests = NetlinkSocket.open({ ...options, protocol: NETLINK_ROUTE });
    try {
      const groups = [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE];
      const common = { ...options, protocol: NETLINK_ROUTE };
      return new RoutingNetlink(requests, NetlinkSocket.open({ ...common, groups, receiveBuffer: EVENT_BUFFER }));
    } catch (error) {
      requests.close();
      throw error;
    }
  }

  private constructor(requests: NetlinkSocket, events: NetlinkSocket) {
    this.#requests = requests;
    this.#events = events;
  }

  /**
   * Routes of all tables, those of IPv4 first, in the kernel's order. Rejects with NetlinkError.
   * @param protocol only those with this number, which Linux 4.20 and later looks for itself
   */
  async routes(protocol?: number): Promise<RouteMessage[]> {
    const request = { type: RTM_GETROUTE, purpose: 'reading the routes' };
    const all = await this.#readFamilies(decodeRoute, (family) => ({
      ...request,
      body: encodeRouteRequest(family, protocol),
    }));
    return all.filter((route) => isRoute(route) && (protocol === undefined || route.protocol === protocol));
  }

  /** All rules, those of IPv4 first, in the kernel's order. Rejects with NetlinkError. */
  rules(): Promise<RuleMessage[]> {
    const request = { type: RTM_GETRULE, purpose: 'reading the rules' };
    return this.#readFamilies(decodeRule, (family) => ({ ...request, body: encodeRouteRequest(family) }));
  }

  /** Family by family: for all at once the kernel waits for whoever makes or removes interfaces, anywhere on the host. */
  async #readFamilies<Message extends { readonly family: Family }>(
    decode: (body: Uint8Array) => Result<Message>,
    requestOf: (family: Family) => NetlinkRequest,
  ): Promise<Message[]> {
    const all: Message[] = [];
    for (const family of ['inet', 'inet6'] as const) {
      const found = await readAll(this.#requests, requestOf(family), decode);
      // a kernel without IPv6 gives those of all others
      all.push(...found.filter((message) => message.family === family));
    }
    return all;
  }

  /** Rejects with NetlinkError: EEXIST when there is the same already, ENETUNREACH without a way to the gateway. */
  async addRoute(route: RouteMessage, action: RouteAction): Promise<void> {
    const purpose = `adding the route to ${prefixText(route.destination)}`;
    const [body, flags] = [encodeRoute(route), ACTION_FLAGS[action]];
    await this.#requests.request({ type: RTM_NEWROUTE, flags, body, purpose });
  }

  /**
   * Removes a route that fits everything that is given, its protocol too. Rejects with NetlinkError: ESRCH when there
   * is none.
   */
  async deleteRoute(route: RouteMessage): Promise<void> {
    const purpose = `removing the route to ${prefixText(route.destination)}`;
    await this.#requests.request({ ...removalOfRoute(route), purpose });
  }

  /** Rejects with NetlinkError: EEXIST when there is the same already. */
  async addRule(rule: RuleMessage): Promise<void> {
    const [body, flags] = [encodeRule(rule), NLM_F_CREATE | NLM_F_EXCL];
    await this.#requests.request({ type: RTM_NEWRULE, flags, body, purpose: `adding the rule ${rule.priority ?? ''}` });
  }

  /** Removes a rule that fits everything that is given, its protocol too. Rejects with NetlinkError: ENOENT. */
  async deleteRule(rule: RuleMessage): Promise<void> {
    const purpose = `removing the rule ${rule.priority ?? ''}`;
    await this.#requests.request({ ...removalOfRule(rule), purpose });
  }

  /**
   * Called for every change since `open` that others made. One callback; the last one counts.
   * @param isWanted whether events about routes with this number are; others cost next to nothing
   */
  onEvent(callback: (event: RoutingEvent) => void, isWanted: (protocol: number) => boolean = () => true): void {
    const { portId: ours } = this.#requests;
    this.#events.onEvent((event) => {
      if (event.type === 'message') {
        const { portId, body } = event.message;
        if (portId === ours) return;
        if (isOfRoute(event.message) && !isWanted(body[PROTOCOL_AT] ?? 0)) return;
      }
      const change = changeOf(event);
      if (change !== undefined) callback(change);
    });
  }

  /** Rejects what waits for an answer with ECANCELED; no event comes afterwards. Idempotent. */
  close(): void {
    this.#requests.close();
    this.#events.close();
  }
}

/** Where struct rtmsg has the protocol. */
const PROTOCOL_AT = 5;
const isOfRoute = ({ type }: { readonly type: number }): boolean => type === RTM_NEWROUTE || type === RTM_DELROUTE;

type Request = Required<Omit<NetlinkRequest, 'purpose'>>;

/** The request of `deleteRoute`. */
export const removalOfRoute = (route: RouteMessage): Request => ({
  type: RTM_DELROUTE,
  flags: 0,
  body: encodeRoute(route),
});

/** The request of `deleteRule`. */
export const removalOfRule = (rule: RuleMessage): Request => ({ type: RTM_DELRULE, flags: 0, body: encodeRule(rule) });

/** Entries of the routing cache stand in the dumps of IPv6. */
const isRoute = (route: RouteMessage): boolean => (route.flags & RTM_F_CLONED) === 0;

const prefixText = (prefix: Prefix | undefined): string =>
  prefix === undefined ? 'everywhere' : `${prefix.address}/${prefix.prefixLength}`;

/** Undefined for messages of other types and families. An unreadable one counts as missed. */
function changeOf(event: NetlinkEvent): RoutingEvent | undefined {
  if (event.type === 'overrun') return event;
  const { type, body } = event.message;
  switch (type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return change(decodeRoute(body), (route) =>
        isRoute(route) ? { type: type === RTM_NEWROUTE ? 'route-added' : 'route-removed', route } : undefined,
      );
    case RTM_NEWRULE:
    case RTM_DELRULE:
      return change(decodeRule(body), (rule) => ({
        type: type === RTM_NEWRULE ? 'rule-added' : 'rule-removed',
        rule,
      }));
    default:
      return undefined;
  }
}

function change<Message>(
  outcome: Result<Message>,
  toEvent: (message: Message) => RoutingEvent | undefined,
): RoutingEvent | undefined {
  if (outcome.ok) return toEvent(outcome.value);
  return outcome.reason === 'family' ? undefined : { type: 'overrun' };
}
