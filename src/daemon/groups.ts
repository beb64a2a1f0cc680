/** keepalived.conf(5) "vrrp_sync_group" at run time. */
import { groupState } from '../vrrp/sync-group.ts';
import type { SyncGroup } from '../vrrp/sync-groups.ts';
import type { Router } from './router.ts';

/** Groups are made anew; one that goes on as it was is told nothing. */
export function formGroups(routers: readonly Router[], groups: readonly Pick<SyncGroup, 'name' | 'members'>[]): void {
  for (const router of routers) router.group = undefined;
  for (const { name, members } of groups) {
    const inGroup = routers.filter(({ instance }) => members.includes(instance.name));
    const group = { name, members: inGroup, told: groupState(inGroup.map(({ state }) => state)) ?? 'Initialize' };
    for (const router of inGroup) router.group = group;
  }
}
