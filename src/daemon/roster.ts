/** Which virtual routers there are: those of the configuration, from their beginning to their end, over every reload. */
import type { Instant } from '../base/time.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { without } from '../vrrp/possessions.ts';
import type { VirtualRouterConfig } from '../vrrp/virtual-router.ts';
import type { ElectionLog } from './election-log.ts';
import type { Follower } from './follower.ts';
import { formGroups } from './groups.ts';
import type { Handover } from './handover.ts';
import type { Hearers } from './hearers.ts';
import type { InterfaceKeeper } from './interface-keeper.ts';
import type { ElectionLoop } from './loop.ts';
import type { ElectionConfiguration } from './messages.ts';
import type { PossessionKeeper } from './possession-keeper.ts';
import {
  addressKey,
  checksumReadingOf,
  digestOf,
  newRouter,
  possessionsOf,
  type Router,
  routerConfig,
  routerId,
} from './router.ts';
import type { Sockets } from './sockets.ts';

export interface RosterWorld {
  /** It has the routers. */
  readonly loop: ElectionLoop;
  readonly follower: Follower;
  readonly handover: Handover;
  readonly possessions: PossessionKeeper;
  readonly own: InterfaceKeeper;
  readonly sockets: Sockets;
  readonly hearers: Hearers;
  readonly log: ElectionLog;
  /** keepalived.conf(5) "vrrp_startup_delay" */
  readonly delayedUntil: Instant | undefined;
}

/** See the file's head. */
export class Roster {
  readonly #world: RosterWorld;

  constructor(world: RosterWorld) {
    this.#world = world;
  }

  /**
   * Start and reload: instances are paired by interface and VRID; an equal one is not touched at all.
   * @param begins false: they only listen, what becomes of them is known later
   */
  configure({ instances, syncGroups = [] }: ElectionConfiguration, begins: boolean): void {
    const { loop, follower, handover, own } = this.#world;
    const wanted = new Map(instances.map((instance) => [routerId(instance), instance]));
    for (const [id, router] of loop.routers) {
      const instance = wanted.get(id);
      if (instance === undefined) void this.leave(id, router);
      else if (instance.version !== router.instance.version || handover.isLeaving(router)) this.#end(id, router);
    }
    const changed: Router[] = [];
    for (const [id, instance] of wanted) {
      const router = loop.routers.get(id);
      if (!router) loop.routers.set(id, newRouter(instance, follower.localAddress(instance)));
      else if (JSON.stringify(router.instance) !== JSON.stringify(instance)) changed.push(router);
    }
    if (begins) own.settle();
    // groups are known before anything happens in them
    this.#formGroups(syncGroups);
    if (!begins) {
      follower.listen(loop.routers.values());
      this.#closeUnused();
      return;
    }
    for (const [id, router] of loop.routers) {
      const instance = wanted.get(id);
      if (instance === undefined) continue; // on its way out
      if (changed.includes(router)) this.change(router, instance);
      else if (!router.isStarted) this.begin(router);
    }
    follower.followAll(loop.routers.values());
    this.#closeUnused();
    loop.arm();
  }

  /** One that is new, or as it was left by another process. */
  begin(router: Router): void {
    router.config = this.#configOf(router.instance, router);
    this.#world.possessions.settle(router); // what an earlier life that was killed left behind
  }

  /** One that goes on with another configuration. */
  change(router: Router, instance: VrrpInstance): void {
    const { loop, possessions, log } = this.#world;
    const after = possessionsOf(instance);
    router.retired = without(router.all, after);
    const changed = new Set(after.addresses.map(addressKey));
    const remade = router.retired.addresses.filter((entry) => changed.has(addressKey(entry)));
    router.instance = instance;
    router.config = this.#configOf(instance, router);
    router.checksumReading = checksumReadingOf(instance);
    router.digest = digestOf(instance);
    if (remade.length > 0) possessions.remake(router, remade);
    loop.dispatch(router, { type: 'configured' });
    possessions.settle(router);
    log.note(router, 'instance-changed', 'configuration changed');
  }

  /** Removed by a reload: a MASTER stays until its successor is there. */
  async leave(id: string, router: Router): Promise<void> {
    const { loop, handover } = this.#world;
    router.isRemoved = true;
    await handover.leave(router);
    if (loop.routers.get(id) === router) this.#end(id, router);
    this.#closeUnused();
  }

  #end(id: string, router: Router): void {
    const { loop, handover, possessions, own, log } = this.#world;
    router.isRemoved = true;
    loop.dispatch(router, { type: 'shutdown' });
    handover.sweep();
    possessions.settle(router);
    loop.routers.delete(id);
    own.settle();
    log.note(router, 'instance-removed', 'removed');
  }

  #closeUnused(): void {
    const { loop, sockets, hearers } = this.#world;
    const routers = [...loop.routers.values()];
    sockets.keepOnly(routers.map(({ instance }) => instance));
    hearers.set(routers);
  }

  #formGroups(syncGroups: NonNullable<ElectionConfiguration['syncGroups']>): void {
    const routers = [...this.#world.loop.routers.values()].filter(({ isRemoved }) => !isRemoved);
    formGroups(routers, syncGroups);
    for (const router of routers) {
      const { ownerAtOnce } = this.#configOf(router.instance, router);
      if (router.config.ownerAtOnce !== ownerAtOnce) router.config = { ...router.config, ownerAtOnce };
    }
  }

  /** What the state machine must know, as things are now. */
  #configOf(instance: VrrpInstance, { group, standsBack }: Router): VirtualRouterConfig {
    const { follower, delayedUntil } = this.#world;
    const config = routerConfig(instance, follower.localAddress(instance), delayedUntil);
    const areOwners = (group?.members ?? []).every((mate) => mate.instance.priority === 255);
    const priority = follower.priorityOf(instance);
    return { ...config, priority, standsBack, ownerAtOnce: config.ownerAtOnce && areOwners };
  }
}
