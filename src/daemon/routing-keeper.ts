/**
 * Keeps the kernel's routes and rules of every holder as it is entitled to them: reads those that may be ours, compares,
 * asks for the difference. Opens rtnetlink for it only when somebody has any.
 */
import { now } from '../io/clock.ts';
import type { NetlinkRequest } from '../io/netlink-socket.ts';
import { type RoutingEvent, RoutingNetlink, removalOfRoute, removalOfRule } from '../io/routing-netlink.ts';
import { planOwnership } from '../vrrp/ownership.ts';
import type { Possessions } from '../vrrp/possessions.ts';
import type { Route } from '../vrrp/route.ts';
import { routePlace, routeRow, ruleRow, singleRoutes } from '../vrrp/routing-rows.ts';
import { routeText, ruleText } from '../vrrp/routing-text.ts';
import type { RouteMessage } from '../wire/rtnetlink-route.ts';
import type { RuleMessage } from '../wire/rtnetlink-rule.ts';
import { type Holder, isPaused, type ThingKind } from './holder.ts';
import type { KeeperWorld } from './possession-keeper.ts';
import { routeMessage, ruleMessage } from './route-messages.ts';

export interface RoutingKeeperWorld extends KeeperWorld {
  /** Something of the holder may be gone. */
  suspect(holder: Holder): void;
}

/** A route or a rule as the kernel is told it. */
type Thing = { readonly row: string; readonly key: string } & (
  | { readonly kind: 'route'; readonly message: RouteMessage; readonly action: Route['action'] }
  | { readonly kind: 'rule'; readonly message: RuleMessage }
);

/** A row of the kernel; `row` is that of the thing that it is, where it is one. */
type Row = { readonly row: string } & (
  | { readonly kind: 'route'; readonly message: RouteMessage }
  | { readonly kind: 'rule'; readonly message: RuleMessage }
);

/** See the file's head. */
export class RoutingKeeper {
  readonly #world: RoutingKeeperWorld;
  #netlink: RoutingNetlink | undefined;
  /** What each has got of us, as it was told: still known when its interface is not, or when a reload left it out. */
  readonly #added = new Map<Holder, Map<string, Thing>>();

  constructor(world: RoutingKeeperWorld) {
    this.#world = world;
  }

  /** Removes what the holder is not entitled to, or no longer: rules first. */
  async release(holder: Holder): Promise<void> {
    if (!this.#concerns(holder)) return;
    const { remove } = await this.#plan(holder);
    const claimed = new Set([...this.#world.holders()].flatMap((other) => this.#claims(other, holder)));
    for (const row of remove) if (!claimed.has(row.row)) await this.#remove(holder, row);
    if (!holder.isEntitled) this.#added.delete(holder);
  }

  /** Adds what it lacks: routes first. @param before what was wrong the last time: it is not said again */
  async take(holder: Holder, before: ReadonlySet<string>): Promise<void> {
    holder.heldRouting.clear();
    if (!this.#concerns(holder) || !holder.isEntitled) return;
    const { desired, add } = await this.#plan(holder);
    const missing = new Set<Thing>(add);
    for (const thing of add) if (await this.#add(holder, thing, before)) missing.delete(thing);
    for (const thing of desired) if (!missing.has(thing)) holder.heldRouting.add(thing.key);
    for (const thing of missing) holder.heldRouting.delete(thing.key);
    this.#noteUnresolved(holder);
  }

  /** What it had and has no more. */
  async lost(holder: Holder): Promise<readonly { readonly kind: ThingKind; readonly key: string }[]> {
    if (!this.#concerns(holder) || !holder.isEntitled) return [];
    const { add } = await this.#plan(holder);
    const lost = new Map(add.filter(({ key }) => holder.heldRouting.has(key)).map((thing) => [thing.key, thing]));
    return [...lost.values()];
  }

  /** Requests that would remove everything that the holder is entitled to, in that order. */
  removalsOf(holder: Holder): readonly Required<Omit<NetlinkRequest, 'purpose'>>[] {
    if (!holder.isEntitled) return [];
    const things = this.#things(holder.all).reverse();
    return things.map((thing) =>
      thing.kind === 'route' ? removalOfRoute(thing.message) : removalOfRule(thing.message),
    );
  }

  /** Idempotent. */
  close(): void {
    this.#netlink?.close();
  }

  #concerns(holder: Holder): boolean {
    const { all, retired } = holder;
    return (
      [all.routes, all.rules, retired.routes, retired.rules].some((some) => some.length > 0) || this.#added.has(holder)
    );
  }

  async #plan(holder: Holder) {
    const at = now();
    const known = [...this.#things(holder.all), ...this.#things(holder.retired), ...this.#addedFor(holder)];
    const desired = holder.isEntitled ? this.#things(holder.all).filter(({ key }) => !isPaused(holder, key, at)) : [];
    const rows = new Set(known.map(({ row }) => row));
    const actual = await this.#read(known, rows);
    const rowOf = ({ row }: Row | Thing) => row;
    const plan = planOwnership<Row, Thing>({
      actual,
      desired,
      rowOf,
      placeOf: rowOf,
      isMarked: () => true, // the mark is part of the row
      isKnown: ({ row }) => rows.has(row),
    });
    return { ...plan, desired };
  }

  /** Rows with the marks of these things. */
  async #read(things: readonly Thing[], known: ReadonlySet<string>): Promise<Row[]> {
    const marks = new Set(things.flatMap(({ kind, message }) => (kind === 'route' ? [message.protocol] : [])));
    const netlink = this.#open();
    const routes: RouteMessage[] = [];
    for (const mark of marks) routes.push(...(await netlink.routes(mark as number)));
    const rules = things.some(({ kind }) => kind === 'rule') ? await netlink.rules() : [];
    return [
      ...routes.flatMap(singleRoutes).map((message): Row => {
        const row = routeRow(message);
        const byGateway = routeRow(message, false);
        return { kind: 'route', message, row: !known.has(row) && known.has(byGateway) ? byGateway : row };
      }),
      ...rules.map((message): Row => ({ kind: 'rule', message, row: ruleRow(message) })),
    ];
  }

  /** In the order in which they are added. What names an interface that is not there is left out. */
  #things({ routes, rules }: Pick<Possessions, 'routes' | 'rules'>): Thing[] {
    const indexOf = (name: string) => this.#world.interfaces.link(name)?.index;
    const ofRoutes = routes.flatMap((route): Thing[] => {
      const whole = routeMessage(route, indexOf);
      if (whole === undefined) return [];
      const key = routeText(route);
      return singleRoutes(whole).map((message, i) => {
        const hops = message.nextHops ?? [message];
        const isGiven = hops.every((hop) => hop.outputInterface !== undefined || hop.gateway === undefined);
        // with "add" the first way of IPv6 makes the route, the others are added to it
        return {
          kind: 'route',
          message,
          key,
          action: i === 0 ? route.action : 'append',
          row: routeRow(message, isGiven),
        };
      });
    });
    const ofRules = rules.map((rule): Thing => {
      const message = ruleMessage(rule);
      return { kind: 'rule', message, key: ruleText(rule), row: ruleRow(message) };
    });
    return [...ofRoutes, ...ofRules];
  }

  #claims(other: Holder, holder: Holder): string[] {
    return other === holder || !other.isEntitled ? [] : this.#things(other.all).map(({ row }) => row);
  }

  #addedFor(holder: Holder): readonly Thing[] {
    return [...(this.#added.get(holder)?.values() ?? [])];
  }

  /** Whether it is there now. */
  async #add(holder: Holder, thing: Thing, before: ReadonlySet<string>): Promise<boolean> {
    const { kind, key } = thing;
    const netlink = this.#open();
    const added = this.#added.get(holder) ?? new Map<string, Thing>();
    this.#added.set(holder, added.set(thing.row, thing));
    try {
      await (thing.kind === 'route' ? netlink.addRoute(thing.message, thing.action) : netlink.addRule(thing.message));
      this.#said(holder, kind, 'added', key);
      return true;
    } catch (error) {
      added.delete(thing.row);
      const { code, message } = error as NodeJS.ErrnoException;
      const sentence =
        code === 'EEXIST'
          ? `${kind} ${key} is there already, was not added by holdfast and is left alone`
          : `${kind} ${key} could not be added: ${message}`;
      holder.problems.set(key, sentence);
      if (!before.has(sentence)) {
        this.#world.log('warning', `${kind}-not-added`, `(${holder.title}) ${sentence}`, {
          ...holder.fields,
          [kind]: key,
        });
      }
      return false;
    }
  }

  async #remove(holder: Holder, row: Row): Promise<void> {
    const netlink = this.#open();
    const thing = [...this.#addedFor(holder), ...this.#things(holder.all), ...this.#things(holder.retired)].find(
      (candidate) => candidate.row === row.row,
    );
    const key = thing?.key ?? row.row;
    holder.heldRouting.delete(key);
    try {
      await (row.kind === 'route' ? netlink.deleteRoute(row.message) : netlink.deleteRule(row.message));
      this.#added.get(holder)?.delete(row.row);
      this.#said(holder, row.kind, 'removed', key);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ESRCH' || code === 'ENOENT') return; // gone meanwhile
      holder.problems.set(key, `${row.kind} ${key} could not be removed: ${message}`);
      this.#world.failed(holder, 'release-addresses', error);
    }
  }

  #said(holder: Holder, kind: ThingKind, verb: 'added' | 'removed', key: string): void {
    const sentence = `(${holder.title}) ${verb} ${kind} ${key}`;
    this.#world.log('info', `${kind}-${verb}`, sentence, { ...holder.fields, [kind]: key });
  }

  /** Routes that name an interface that is not there. */
  #noteUnresolved(holder: Holder): void {
    for (const route of holder.all.routes) {
      if (this.#things({ routes: [route], rules: [] }).length > 0) continue;
      const key = routeText(route);
      holder.problems.set(key, `route ${key} has an interface that is not there`);
    }
  }

  #open(): RoutingNetlink {
    if (this.#netlink === undefined) {
      this.#netlink = RoutingNetlink.open();
      this.#netlink.onEvent(
        (event) => this.#changed(event),
        (protocol) => this.#isMark(protocol),
      );
    }
    return this.#netlink;
  }

  /** Whether a route with this number may be one of ours. */
  #isMark(protocol: number): boolean {
    for (const added of this.#added.values()) {
      for (const { kind, message } of added.values())
        if (kind === 'route' && message.protocol === protocol) return true;
    }
    return false;
  }

  /** What is gone may be ours; whether it is, a look at the kernel tells. */
  #changed(event: RoutingEvent): void {
    if (event.type === 'route-added' || event.type === 'rule-added') return;
    for (const [holder, added] of this.#added) {
      const things = [...added.values()];
      if (event.type === 'overrun') this.#world.suspect(holder);
      else if (things.some((thing) => isAbout(event, thing))) this.#world.suspect(holder);
    }
  }
}

function isAbout(event: Exclude<RoutingEvent, { type: 'overrun' }>, thing: Thing): boolean {
  if ('route' in event) return thing.kind === 'route' && routePlace(event.route) === routePlace(thing.message);
  return thing.kind === 'rule' && ruleRow(event.rule) === thing.row;
}
