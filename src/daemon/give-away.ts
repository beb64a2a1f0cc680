/**
 * `holdfast handover`: mastership is given away on purpose, make before break, and not taken back before an operator says so
 * or nobody else is there.
 */
import type { Handover } from './handover.ts';
import type { ElectionLoop } from './loop.ts';
import type { GiveAway, GivenAway } from './messages.ts';
import type { Router } from './router.ts';

/** Resolves when every one of them is away, or stays because nobody took over. Unknown names are left out. */
export async function giveAway(wish: GiveAway, loop: ElectionLoop, handover: Handover): Promise<readonly GivenAway[]> {
  const routers = chosen(wish.names, [...loop.routers.values()]);
  for (const router of routers) standBack(router, !wish.back);
  if (wish.back) return routers.map(({ instance: { name } }) => ({ name, outcome: 'may-come-back' }));
  return Promise.all(
    routers.map(async (router): Promise<GivenAway> => {
      const { name } = router.instance;
      if (router.state.name === 'Backup') return { name, outcome: 'stands-back' };
      if (router.state.name !== 'Master') return { name, outcome: 'not-running' };
      await handover.giveAway(router);
      if (router.state.name !== 'Master') return { name, outcome: 'given-away', detail: router.detail };
      standBack(router, false);
      return { name, outcome: 'nobody-took-over' };
    }),
  );
}

/** A group moves as a whole. */
function chosen(names: readonly string[], routers: readonly Router[]): readonly Router[] {
  const wanted = ({ instance, group }: Router) =>
    names.includes(instance.name) || (group && names.includes(group.name));
  const groups = new Set(routers.filter(wanted).map(({ group }) => group));
  groups.delete(undefined);
  return routers.filter((router) => names.length === 0 || wanted(router) || groups.has(router.group));
}

function standBack(router: Router, standsBack: boolean): void {
  router.standsBack = standsBack;
  router.config = { ...router.config, standsBack };
}

/** The wish of a request; undefined: it is none. */
export function readGiveAway(wish: unknown): GiveAway | undefined {
  const { names = [], back = false } = (wish ?? {}) as { readonly names?: unknown; readonly back?: unknown };
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string') || typeof back !== 'boolean') return;
  return { names, back };
}
