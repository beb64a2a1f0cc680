/** Whether tracking moves the VIP when it should: from whoever can be MASTER while all is well. */
import { enumerate, type Finding, type Member, type RouterGroup } from './cluster.ts';
import { RouterFindings } from './cluster-findings.ts';
import {
  effectivePriority,
  partWhenDown,
  partWhenUp,
  type Tracker,
  trackersOf,
  usualPriority,
} from './cluster-trackers.ts';

const OWNER_PRIORITY = 255;
const TIE = ', because a Backup does not take over from a MASTER of its own priority';
/** The largest weight of a script. */
const WEIGHT_MAX = 253;

/** Tracking that cannot move the VIP. */
export function checkTracking(group: RouterGroup): Finding[] {
  if (group.length < 2) return [];
  const say = new RouterFindings(group);
  return group.filter((member) => canStayMaster(member, group)).flatMap((master) => checkMaster(master, say));
}

/** Whether nobody takes over from it while all is well: the highest one, and with nopreempt lower ones too. */
const canStayMaster = (member: Member, group: RouterGroup): boolean =>
  group.every((other) => usualPriority(other) <= usualPriority(member) || !other.instance.preemptMode);

function checkMaster(master: Member, say: RouterFindings): Finding[] {
  const others = say.group.filter((member) => member !== master);
  const trackers = trackersOf(master);
  return trackers.flatMap((tracker): Finding[] => {
    const lowered = priorityWithout(master, [tracker]);
    if (isOvertaken(lowered, others)) return [];
    return [fault(tracker, lowered, master, others, say)];
  });
}

/** The VIP stays, whatever happens to what is tracked. */
function fault(
  tracker: Tracker,
  lowered: number,
  master: Member,
  others: readonly Member[],
  say: RouterFindings,
): Finding {
  const details = { members: [master], places: [tracker.place] };
  const subject = `${tracker.title} on ${master.node.name}`;
  if (master.instance.priority === OWNER_PRIORITY) {
    const message = `${subject} cannot lower priority 255, which never changes: the VIP never moves`;
    return say.finding('error', 'track-weight', message, {
      ...details,
      suggestion: 'write a priority below 255, or no weight: then a failure is a FAULT',
    });
  }
  const lowers = `${subject} lowers ${usualPriority(master)} to ${lowered}`;
  const higher = others.filter((member) => usualPriority(member) > lowered);
  if (higher.length > 0) {
    const names = enumerate(higher.map(({ node }) => node.name));
    const message = `${lowers}, and nopreempt keeps ${names} from taking over from a living MASTER: the VIP never moves`;
    return say.finding('error', 'track-weight', message, {
      ...details,
      suggestion: `remove nopreempt, or the weight of ${tracker.title}: then a failure is a FAULT, which moves the VIP`,
    });
  }
  const best = others.reduce((a, b) => (usualPriority(b) > usualPriority(a) ? b : a), others[0] as Member);
  const rival = usualPriority(best);
  const compared = `${lowers}; ${best.node.name} has ${rival}`;
  if (isPivotal(tracker, master, others)) {
    const message = `${compared}: alone it does not move the VIP, only together with others`;
    return say.finding('note', 'track-weight-alone', message, details);
  }
  const tie = rival === 1 ? ', because no priority is below 1' : TIE;
  const why = lowered === rival ? tie : '';
  const suggestion = enough(tracker, master, best);
  return say.finding('error', 'track-weight', `${compared}: the VIP never moves${why}`, {
    ...details,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** The priority of a member when some of what it tracks has failed. */
const priorityWithout = (member: Member, failing: readonly Tracker[]): number =>
  effectivePriority(
    member.instance.priority,
    trackersOf(member).map((one) => (failing.includes(one) ? partWhenDown(one) : partWhenUp(one))),
  );

/** Whether somebody takes over from a MASTER of that priority. */
const isOvertaken = (priority: number, others: readonly Member[]): boolean =>
  others.some((member) => usualPriority(member) > priority && member.instance.preemptMode);

/** Whether it moves the VIP when others have failed that did not move it: what a weight can take is bounded, so all sums. */
function isPivotal(tracker: Tracker, master: Member, others: readonly Member[]): boolean {
  const usual = trackersOf(master).map(partWhenUp);
  let sums = new Set([0]);
  for (const { weight } of trackersOf(master).filter((other) => other !== tracker)) {
    sums = new Set([...sums].flatMap((sum) => [sum, sum + Math.abs(weight)]));
  }
  const after = (lost: number) => effectivePriority(master.instance.priority, [...usual, -lost]);
  return [...sums].some(
    (sum) => !isOvertaken(after(sum), others) && isOvertaken(after(sum + Math.abs(tracker.weight)), others),
  );
}

/** A weight that would do; undefined when there is none. */
function enough({ weight, title }: Tracker, master: Member, best: Member): string | undefined {
  const isShared = trackersOf(best).some((one) => one.title === title);
  const difference = usualPriority(master) - usualPriority(best);
  // A positive weight raises both, where both track it; where only one does, a negative one is needed.
  const raises = weight > 0;
  const least = (raises && !isShared ? difference - weight : difference) + 1;
  if (least < 1 || least > WEIGHT_MAX) return undefined;
  if (raises && isShared) return `a weight of ${least} or more would do, on both`;
  return usualPriority(best) > 1
    ? `a weight of ${-least} or less would do`
    : `give ${best.node.name} a higher priority than 1`;
}
