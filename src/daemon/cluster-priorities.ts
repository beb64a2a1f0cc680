/** Who becomes MASTER, and who comes back: priorities and preemption of one virtual router. */
import { compareAddresses, type IpAddress } from '../base/address.ts';
import { enumerate, type Finding, groupedBy, type Member, type RouterGroup } from './cluster.ts';
import { asks, RouterFindings } from './cluster-findings.ts';
import { leastPriority, trackersOf, usualPriority } from './cluster-trackers.ts';

const OWNER_PRIORITY = 255;

/** What is wrong with the priorities, and with preemption. */
export function checkPriorities(group: RouterGroup): Finding[] {
  const say = new RouterFindings(group);
  const equal = checkEqual(say);
  return [...equal, ...(equal.length === 0 ? checkEqualWhenFailed(say) : []), ...checkPreemption(say)];
}

function checkEqual(say: RouterFindings): Finding[] {
  return withEqual(say.group, usualPriority).map(({ priority, members }) => {
    const names = enumerate(members.map(({ node }) => node.name));
    const details = { keywords: ['priority'], members };
    return priority === OWNER_PRIORITY
      ? say.finding(
          'error',
          'two-owners',
          `${names} have priority 255: each is MASTER at once when it starts and takes ${say.vips} away from the other`,
          { ...details, suggestion: 'give 255 to none of them, or to the owner of the addresses only' },
        )
      : say.finding(
          'warning',
          'equal-priority',
          `${names} have the same priority ${priority}: after an outage they become MASTER of ${say.vips} at the same ` +
            `moment, and then the higher address wins${winner(members)}`,
          { ...details, suggestion: 'give one of them a higher priority' },
        );
  });
}

/** Members with different priorities that tracking makes equal. */
function checkEqualWhenFailed(say: RouterFindings): Finding[] {
  const tracking = say.group.filter((member) => trackersOf(member).length > 0);
  return withEqual(tracking, leastPriority).flatMap(({ priority, members }) => {
    // The least there is says nothing about what was meant.
    if (priority === 1) return [];
    const names = enumerate(members.map(({ node }) => node.name));
    const message =
      `when everything that ${names} track has failed, they have the same priority ${priority}: the MASTER stays, and ` +
      `of those that start at once the higher address wins${winner(members)}`;
    return [say.finding('note', 'equal-priority-failed', message, { keywords: ['priority'], members })];
  });
}

function withEqual(members: readonly Member[], priorityOf: (member: Member) => number) {
  return [...groupedBy(members, priorityOf)].flatMap(([priority, alike]) =>
    alike.length < 2 ? [] : [{ priority, members: alike }],
  );
}

/** The member with the highest source address, where all of them are given. */
function winner(members: readonly Member[]): string {
  const known = members.flatMap(({ node, instance: { sourceAddress } }): [string, IpAddress][] =>
    sourceAddress === undefined ? [] : [[node.name, sourceAddress]],
  );
  if (known.length < members.length) return '';
  return ` (${known.reduce((a, b) => (compareAddresses(a[1], b[1]) > 0 ? a : b))[0]})`;
}

/** nopreempt and preempt_delay count on the router that would come back: the one of the highest priority. */
function checkPreemption(say: RouterFindings): Finding[] {
  const { group } = say;
  const highest = group.reduce<Member | undefined>(
    (best, member) => (best === undefined || usualPriority(member) > usualPriority(best) ? member : best),
    undefined,
  );
  if (highest === undefined || group.length < 2) return [];
  const { name } = highest.node;
  const { priority, state, preemptMode, preemptDelay } = highest.instance;
  const why = (keyword: string) =>
    asks(highest, keyword)
      ? priority === OWNER_PRIORITY
        ? `does not go with priority 255 of ${name}`
        : `does not go with state ${state} of ${name}`
      : `is not set on ${name}`;
  const back = `${name}, which has the highest priority, takes ${say.vips} back`;
  const wantsNone = group.some((member) => asks(member, 'nopreempt') && !asks(member, 'preempt'));
  if (preemptMode && wantsNone) {
    return [
      say.finding('warning', 'nopreempt', `nopreempt ${why('nopreempt')}: ${back} as soon as it returns`, {
        keywords: ['nopreempt'],
        suggestion: `write nopreempt and state BACKUP on ${name}`,
      }),
    ];
  }
  const isDelayed = group.some((member) => asks(member, 'preempt_delay'));
  if (!isDelayed || preemptDelay > 0 || !preemptMode) return [];
  return [
    say.finding('warning', 'preempt-delay', `preempt_delay ${why('preempt_delay')}: ${back} without delay`, {
      keywords: ['preempt_delay'],
      suggestion: `write preempt_delay and state BACKUP on ${name}`,
    }),
  ];
}
