/**
 * What tracking does to the priorities of a virtual router, and whether the VIP moves when it should.
 * keepalived.conf(5) "track_script", "track_interface", "track_process", "track_bfd", "track_file".
 *
 * Read from the tree, not from the tables: only names, weights, rise and fall are of interest. Left aside: a track_file,
 * which can hold any number, and `reverse`, for which failing is what raises the priority.
 */
import type { Statement } from '../config/tree.ts';
import {
  type ClusterNode,
  enumerate,
  type Finding,
  type FindingPlace,
  type Member,
  type RouterGroup,
} from './cluster.ts';

/** Something tracked with a weight other than 0. Weight 0 is no number: failing is FAULT, and the VIP moves. */
interface Tracker {
  /** `script chk` */
  readonly title: string;
  readonly place: FindingPlace;
  /** What it adds to the priority while all is well, and when it has failed. */
  readonly ok: number;
  readonly failed: number;
  /** A single run changes the priority, in both directions. */
  readonly nervous: boolean;
}

/** Blocks of an instance or a group that track, the blocks with the definitions, and how messages call them. */
const KINDS = [
  { list: 'track_script', definition: 'vrrp_script', title: 'script' },
  { list: 'track_process', definition: 'vrrp_track_process', title: 'process' },
  { list: 'track_bfd', definition: 'bfd_instance', title: 'BFD session' },
  { list: 'track_interface', definition: undefined, title: 'interface' },
] as const;

const OWNER_PRIORITY = 255;
const PRIORITY_MAX = 254;

/** What a tracked thing adds: keepalived's own arithmetic. */
const sum = (base: number, parts: readonly number[]): number =>
  base === OWNER_PRIORITY
    ? base
    : Math.min(
        PRIORITY_MAX,
        Math.max(
          1,
          parts.reduce((total, part) => total + part, base),
        ),
      );

/** The effective priority while nothing has failed. */
export const usualPriority = (member: Member): number =>
  sum(
    member.instance.priority,
    trackersOf(member).map(({ ok }) => ok),
  );

/** Tracking that cannot move the VIP, and tracking that moves it too easily. */
export function checkTracking(group: RouterGroup): Finding[] {
  if (group.length < 2) return [];
  const highest = Math.max(...group.map(usualPriority));
  return group.filter((member) => usualPriority(member) === highest).flatMap((master) => checkMaster(master, group));
}

/** What happens when something fails on the node that is MASTER while all is well. */
function checkMaster(master: Member, group: RouterGroup): Finding[] {
  const trackers = trackersOf(master).filter(({ ok, failed }) => failed < ok);
  const others = group.filter((member) => member !== master);
  const { name } = master.node;
  const base = master.instance.priority;
  const usual = usualPriority(master);
  const all = trackersOf(master);
  const after = (failing: readonly Tracker[]): number =>
    sum(
      base,
      all.map((tracker) => (failing.some(({ title }) => title === tracker.title) ? tracker.failed : tracker.ok)),
    );
  const moves = (priority: number): boolean =>
    others.some((member) => usualPriority(member) > priority && member.instance.preemptMode);
  const together = trackers.length > 1 && moves(after(trackers));
  return trackers.flatMap((tracker): Finding[] => {
    const lowered = after([tracker]);
    const say = (severity: Finding['severity'], code: Finding['code'], message: string): Finding[] => [
      { severity, code, message: `${master.instance.name}: ${message}`, places: [tracker.place] },
    ];
    const subject = `${tracker.title} on ${name}`;
    if (moves(lowered)) {
      const returns = master.instance.preemptMode && master.instance.preemptDelay === 0;
      if (!tracker.nervous || !returns) return [];
      const there = `one failed run of ${subject} moves the VIP away, and one good run moves it back`;
      return say('note', 'track-flap', `${there}: rise and fall are 1, and there is no preempt_delay`);
    }
    if (base === OWNER_PRIORITY) {
      return say(
        'error',
        'track-weight',
        `${subject} cannot lower priority 255, which never changes: the VIP never moves`,
      );
    }
    const lowers = `${subject} lowers ${usual} to ${lowered}`;
    const higher = others.filter((member) => usualPriority(member) > lowered);
    if (higher.length > 0) {
      const names = enumerate(higher.map(({ node }) => node.name));
      return say(
        'error',
        'track-weight',
        `${lowers}, and nopreempt keeps ${names} from taking over from a living MASTER: the VIP never moves`,
      );
    }
    const best = others.reduce((a, b) => (usualPriority(b) > usualPriority(a) ? b : a), others[0] as Member);
    const rival = `${best.node.name} has ${usualPriority(best)}`;
    return together
      ? say(
          'note',
          'track-weight-alone',
          `${lowers}; ${rival}: alone it does not move the VIP, only together with others`,
        )
      : say('error', 'track-weight', `${lowers}; ${rival}: the VIP never moves`);
  });
}

const known = new WeakMap<Statement, readonly Tracker[]>();

/** Everything that changes the priority of an instance: its own trackers and those of its sync group. */
function trackersOf(member: Member): readonly Tracker[] {
  const found = known.get(member.statement) ?? findTrackers(member);
  known.set(member.statement, found);
  return found;
}

function findTrackers({ node, instance, statement }: Member): Tracker[] {
  const group = node.statements.find(
    ({ keyword, block }) =>
      keyword.text === 'vrrp_sync_group' &&
      linesOf(block, 'group').some((line) => namesOf(line).includes(instance.name)),
  );
  if (group === undefined) return trackersIn(statement, node);
  // Without it keepalived takes no weights in a group.
  const weighted = (group.block ?? []).some(({ keyword }) =>
    ['sync_group_tracking_weight', 'global_tracking'].includes(keyword.text),
  );
  return weighted ? [...trackersIn(statement, node), ...trackersIn(group, node)] : [];
}

const namesOf = ({ keyword, args }: Statement): string[] => [keyword, ...args].map(({ text }) => text);

const linesOf = (block: readonly Statement[] | undefined, word: string): Statement[] =>
  (block ?? []).filter(({ keyword }) => keyword.text === word).flatMap((statement) => statement.block ?? []);

function trackersIn(owner: Statement, node: ClusterNode): Tracker[] {
  return KINDS.flatMap(({ list, definition, title }) =>
    linesOf(owner.block, list).flatMap((line): Tracker[] => {
      const name = line.keyword.text;
      const defined = node.statements.find(
        ({ keyword, args }) => keyword.text === definition && args[0]?.text === name,
      );
      if (definition !== undefined && defined === undefined) return [];
      const weight = weightOf(line.args) ?? weightOf(defined?.block?.findLast(isWeight));
      if (weight === undefined || weight === 0) return [];
      const once = (word: string) =>
        (numberOf(defined?.block?.findLast(({ keyword }) => keyword.text === word)) ?? 1) <= 1;
      return [
        {
          title: `${title} ${name}`,
          place: { file: line.keyword.file, line: line.keyword.line },
          ok: Math.max(0, weight),
          failed: Math.min(0, weight),
          nervous: definition === 'vrrp_script' && once('rise') && once('fall'),
        },
      ];
    }),
  );
}

const isWeight = ({ keyword }: Statement): boolean => keyword.text === 'weight';

/** The number after `weight`; 0 with `reverse`, which is left aside. */
function weightOf(given: Statement | readonly { readonly text: string }[] | undefined): number | undefined {
  if (given === undefined) return undefined;
  const words = 'keyword' in given ? namesOf(given) : given.map(({ text }) => text);
  const at = words.indexOf('weight');
  if (at < 0) return undefined;
  if (words[at + 2] === 'reverse') return 0;
  const weight = Number(words[at + 1]);
  return Number.isInteger(weight) ? weight : undefined;
}

function numberOf(statement: Statement | undefined): number | undefined {
  const number = Number(statement?.args[0]?.text);
  return Number.isInteger(number) ? number : undefined;
}
