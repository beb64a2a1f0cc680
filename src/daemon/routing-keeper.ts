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

type Message = RouteMessage | RuleMessage;

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
  /** What each has of us, as the kernel was told: still known when its interface is not, or when a reload left it out. */
  readonly #kept = new Map<Holder, Map<string, Thing>>();
  /** Whom an event about a place concerns, and how many things each has there. */
  readonly #places = new Map<string, Map<Holder, number>>();
  /** Protocol numbers of routes that were ever ours. */
  readonly #marks = new Set<number>();
  readonly #texts = new WeakMap<Message, { row?: string; byGateway?: string }>();
  /** What the kernel had when it was last asked: until something changes, or may have. */
  #read = new Map<number | 'rules', Promise<readonly Message[]>>();

  constructor(world: RoutingKeeperWorld) {
    this.#world = world;
  }

  /** Removes what the holder is not entitled to, or no longer: rules first. */
  async release(holder: Holder): Promise<void> {
    for (const row of await this.#surplus(holder)) await this.#remove(holder, row);
    if (holder.isEntitled) return;
    for (const thing of this.#keptBy(holder)) this.#drop(holder, thing);
    this.#kept.delete(holder);
  }

  /** What `release` would remove, in words. */
  async wouldRelease(holder: Holder): Promise<readonly string[]> {
    return (await this.#surplus(holder)).map((row) => `${row.kind} ${this.#keyOf(holder, row)}`);
  }

  /** Adds what it lacks: routes first. @param before what was wrong the last time: it is not said again */
  async take(holder: Holder, before: ReadonlySet<string>): Promise<void> {
    holder.heldRouting.clear();
    if (!this.#concerns(holder) || !holder.isEntitled) return;
    const { desired, add } = await this.#plan(holder);
    const missing = new Set<Thing>(add);
    for (const thing of add) if (await this.#add(holder, thing, before)) missing.delete(thing);
    for (const thing of desired) {
      if (missing.has(thing)) continue;
      this.#keep(holder, thing);
      holder.heldRouting.add(thing.key);
    }
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

  /** Something may have changed without a word: an address or an interface, and with it routes. */
  forget(): void {
    this.#read = new Map();
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

  /** As keepalived removes them: rules first, each in the order of the file. */
  async #surplus(holder: Holder): Promise<readonly Row[]> {
    if (!this.#concerns(holder)) return [];
    const { remove, known } = await this.#plan(holder);
    if (remove.length === 0) return [];
    const places = new Map(known.map(({ row }, i) => [row, i]));
    const inOrder = (a: Row, b: Row) =>
      a.kind === b.kind ? (places.get(a.row) ?? 0) - (places.get(b.row) ?? 0) : a.kind === 'rule' ? -1 : 1;
    const claimed = new Set([...this.#world.holders()].flatMap((other) => this.#claims(other, holder)));
    return remove.filter(({ row }) => !claimed.has(row)).sort(inOrder);
  }

  #concerns(holder: Holder): boolean {
    const { all, retired } = holder;
    return (
      [all.routes, all.rules, retired.routes, retired.rules].some((some) => some.length > 0) || this.#kept.has(holder)
    );
  }

  async #plan(holder: Holder) {
    const at = now();
    const known = [...this.#things(holder.all), ...this.#things(holder.retired), ...this.#keptBy(holder)];
    const desired = holder.isEntitled ? this.#things(holder.all).filter(({ key }) => !isPaused(holder, key, at)) : [];
    const rows = new Set(known.map(({ row }) => row));
    const actual = await this.#rows(known, rows);
    const rowOf = ({ row }: Row | Thing) => row;
    const plan = planOwnership<Row, Thing>({
      actual,
      desired,
      rowOf,
      placeOf: rowOf,
      isMarked: () => true, // the mark is part of the row
      isKnown: ({ row }) => rows.has(row),
    });
    return { ...plan, desired, known };
  }

  /** Rows with the marks of these things. */
  async #rows(things: readonly Thing[], known: ReadonlySet<string>): Promise<Row[]> {
    const marks = new Set(things.flatMap((thing) => (thing.kind === 'route' ? [thing.message.protocol] : [])));
    const netlink = this.#open();
    const routes: RouteMessage[] = [];
    for (const mark of marks) {
      routes.push(...(await this.#once(mark, async () => (await netlink.routes(mark)).flatMap(singleRoutes))));
    }
    const hasRules = things.some(({ kind }) => kind === 'rule');
    const rules = hasRules ? await this.#once('rules', () => netlink.rules()) : [];
    return [
      ...routes.map((message): Row => {
        const row = this.#textOf(message, 'row', () => routeRow(message));
        const byGateway = this.#textOf(message, 'byGateway', () => routeRow(message, false));
        return { kind: 'route', message, row: !known.has(row) && known.has(byGateway) ? byGateway : row };
      }),
      ...rules.map((message): Row => {
        return { kind: 'rule', message, row: this.#textOf(message, 'row', () => ruleRow(message)) };
      }),
    ];
  }

  /** Made once for each message that was read. */
  #textOf(message: Message, which: 'row' | 'byGateway', make: () => string): string {
    const texts = this.#texts.get(message) ?? {};
    this.#texts.set(message, texts);
    texts[which] ??= make();
    return texts[which];
  }

  /** What was read, with a change of our own: nobody tells us of it. */
  #revise({ kind, message }: Thing | Row, change: (all: readonly Message[]) => readonly Message[]): void {
    const what = kind === 'rule' ? 'rules' : message.protocol;
    const before = this.#read.get(what);
    if (before !== undefined) this.#read.set(what, before.then(change));
  }

  #once<M extends Message>(what: number | 'rules', read: () => Promise<readonly M[]>): Promise<readonly M[]> {
    const before = this.#read.get(what) as Promise<readonly M[]> | undefined;
    if (before !== undefined) return before;
    const answer = read();
    answer.catch(() => this.forget());
    this.#read.set(what, answer);
    return answer;
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

  #keptBy(holder: Holder): readonly Thing[] {
    return [...(this.#kept.get(holder)?.values() ?? [])];
  }

  /** Whether it is there now. */
  async #add(holder: Holder, thing: Thing, before: ReadonlySet<string>): Promise<boolean> {
    const { kind, key } = thing;
    const netlink = this.#open();
    this.#keep(holder, thing);
    try {
      await (thing.kind === 'route' ? netlink.addRoute(thing.message, thing.action) : netlink.addRule(thing.message));
      this.#revise(thing, (all) => [...all, thing.message]);
      this.#said(holder, kind, 'added', key);
      return true;
    } catch (error) {
      this.#drop(holder, thing);
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
    const key = this.#keyOf(holder, row);
    holder.heldRouting.delete(key);
    this.#drop(holder, row);
    try {
      await (row.kind === 'route' ? netlink.deleteRoute(row.message) : netlink.deleteRule(row.message));
      this.#revise(row, (all) => all.filter((message) => message !== row.message));
      this.#said(holder, row.kind, 'removed', key);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.forget();
      if (code === 'ESRCH' || code === 'ENOENT') return; // gone meanwhile
      holder.problems.set(key, `${row.kind} ${key} could not be removed: ${message}`);
      this.#world.failed(holder, 'release-addresses', error);
    }
  }

  #keyOf(holder: Holder, { row }: Row): string {
    const things = [...this.#keptBy(holder), ...this.#things(holder.all), ...this.#things(holder.retired)];
    return things.find((thing) => thing.row === row)?.key ?? row;
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
      this.#netlink = RoutingNetlink.open({ aside: true });
      this.#netlink.onEvent(
        (event) => this.#changed(event),
        (protocol) => this.#marks.has(protocol),
      );
    }
    return this.#netlink;
  }

  /** What is gone may be ours; whether it is, a look at the kernel tells. */
  #changed(event: RoutingEvent): void {
    this.forget();
    if (event.type === 'route-added' || event.type === 'rule-added') return;
    const holders = event.type === 'overrun' ? this.#kept : this.#places.get(placeOf(event));
    for (const holder of holders?.keys() ?? []) this.#world.suspect(holder);
  }

  #keep(holder: Holder, thing: Thing): void {
    const kept = this.#kept.get(holder) ?? new Map<string, Thing>();
    if (kept.has(thing.row)) return;
    this.#kept.set(holder, kept.set(thing.row, thing));
    this.#watch(holder, thing, 1);
  }

  #drop(holder: Holder, thing: Thing | Row): void {
    if (this.#kept.get(holder)?.delete(thing.row)) this.#watch(holder, thing, -1);
  }

  #watch(holder: Holder, thing: Thing | Row, difference: 1 | -1): void {
    const place = placeOf(thing);
    const holders = this.#places.get(place) ?? new Map<Holder, number>();
    const count = (holders.get(holder) ?? 0) + difference;
    if (count > 0) holders.set(holder, count);
    else holders.delete(holder);
    if (holders.size > 0) this.#places.set(place, holders);
    else this.#places.delete(place);
    if (thing.kind === 'route') this.#marks.add(thing.message.protocol);
  }
}

/** Where a route stands, or which rule it is: what an event tells. */
function placeOf(about: Thing | Row | Exclude<RoutingEvent, { type: 'overrun' }>): string {
  if ('route' in about) return routePlace(about.route);
  if ('rule' in about) return ruleRow(about.rule);
  return about.kind === 'route' ? routePlace(about.message) : ruleRow(about.message);
}
