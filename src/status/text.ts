/**
 * `holdfast status` for a person: what is, since when, and why. Pure; `now` is given.
 *
 * Our own words are ASCII. What comes from elsewhere (names, reasons) is shown as it is, less what would steer a terminal.
 */
import { type Paint, paintFor } from '../base/paint.ts';
import type {
  BfdReport,
  CheckReport,
  InstanceReport,
  LatenessReport,
  QuorumReport,
  RealServerReport,
  StatusReport,
  VirtualServerReport,
} from './report.ts';

export interface TextOptions {
  readonly now: Date;
  /** Colours for a terminal. */
  readonly colour: boolean;
  /** Name of the time zone to show times in, `Europe/Berlin`; absent: the one of this machine. */
  readonly timeZone?: string;
}

/** The report as lines that end in a newline. */
export function renderStatus(given: StatusReport, options: TextOptions): string {
  const report = withoutControls(given);
  const { now, colour } = options;
  const paint = paintFor(colour);
  const { agent } = report;
  const lines = [
    `holdfast ${agent.version}, process ${agent.pid}, ${agent.configurationFile}, up ${ago(agent.startedAt, now)}`,
    ...(report.lateness ? [latenessLine(report.lateness)] : []),
    ...agent.warnings.map((warning) => `${paint('yellow', 'warning:')} ${warning}`),
  ];
  for (const instance of report.instances) lines.push('', ...instanceLines(instance, options, paint));
  if (report.bfd) lines.push('', ...report.bfd.map((session) => bfdLine(session, options, paint)));
  for (const server of report.virtualServers) lines.push('', ...virtualServerLines(server, now, paint));
  if (report.instances.length === 0 && report.virtualServers.length === 0) lines.push('', 'nothing is configured');
  return `${lines.join('\n')}\n`;
}

function latenessLine({ count, p50_ms, p99_ms, max_ms }: LatenessReport): string {
  const [half, most, worst] = [p50_ms, p99_ms, max_ms].map((value) => value.toFixed(2));
  return `the election was late by ${half} ms (half), ${most} ms (99 %), at most ${worst} ms, of ${count} deadlines`;
}

function bfdLine(session: BfdReport, options: TextOptions, paint: Paint): string {
  const { name, neighbour, state, since, detail } = session;
  const shown = paint(state === 'Up' ? 'green' : 'red', state);
  const why = detail === undefined ? '' : `: ${detail}`;
  return `BFD ${paint('bold', name)} with ${neighbour} is ${shown} since ${timeOf(since, options)} (${ago(since, options.now)})${why}`;
}

function instanceLines(instance: InstanceReport, options: TextOptions, paint: Paint): string[] {
  const style = { MASTER: 'green', BACKUP: 'bold', INIT: 'yellow', FAULT: 'red' } as const;
  const { name, interface: on, vrid, priority, effectivePriority, master, state } = instance;
  const shownPriority =
    priority === effectivePriority ? `${priority}` : `${effectivePriority} (configured ${priority})`;
  const why = instance.detail === '' ? instance.cause : instance.detail;
  const lines = [
    `${paint('bold', name)}  ${on}, VRID ${vrid}, VRRPv${instance.version}, priority ${shownPriority}`,
    `  ${paint(style[state], state)} since ${timeOf(instance.since, options)} (${ago(instance.since, options.now)}): ${why}`,
  ];
  if (master) lines.push(`  the master is ${master.address}, priority ${master.priority}`);
  if (instance.standsBack) lines.push('  stands back for it until `holdfast handover --back`');
  const addresses = instance.virtualAddresses.map(({ address, interface: device, ...rest }) => ({
    ...rest,
    text: `${address} dev ${device}`,
  }));
  const routes = (instance.virtualRoutes ?? []).map((route) => ({ ...route, text: `route ${route.text}` }));
  const rules = (instance.virtualRules ?? []).map((rule) => ({ ...rule, text: `rule ${rule.text}` }));
  const possessions = [...addresses, ...routes, ...rules];
  const places = padded(possessions.map(({ text }) => text));
  for (const [i, { held, problem }] of possessions.entries()) {
    const trouble = problem === undefined ? '' : `; ${paint('yellow', problem)}`;
    lines.push(`  ${places[i]}  ${held ? 'held' : 'not held'}${trouble}`);
  }
  if (instance.dropsPackets !== undefined) {
    const when = state === 'MASTER' ? 'packets' : 'as MASTER, packets';
    lines.push(`  ${when} to its addresses are dropped (${instance.dropsPackets}): they answer nobody, not even ping`);
  }
  for (const problem of instance.problems ?? []) lines.push(`  ${paint('yellow', problem)}`);
  return lines;
}

function virtualServerLines(server: VirtualServerReport, now: Date, paint: Paint): string[] {
  const { id, scheduler, forwardingMethod, inTable, realServers, quorum, sorryServer } = server;
  const missing = inTable ? '' : `, ${paint('red', 'not in the table of the kernel')}`;
  const ids = padded(realServers.map((realServer) => realServer.id));
  const places = padded(realServers.map(placeOf));
  return [
    `${paint('bold', id)}  ${scheduler}, ${forwardingMethod}${missing}`,
    ...(quorum.isUp ? [] : [`  ${paint('red', 'no quorum')}: weight ${quorum.weight}, ${quorumNeeded(quorum)}`]),
    ...(sorryServer?.serves ? [`  ${paint('yellow', `the sorry server ${sorryServer.id} serves`)}`] : []),
    ...realServers.map(({ healthy, checks, override }, i) => {
      const health = healthy ? paint('green', 'up  ') : paint('red', 'down');
      const shown = [...overrideText(override), ...checks.map((check) => checkText(check, now))].join('; ');
      return `  ${ids[i]}  ${health}  ${places[i]}  ${shown}`.trimEnd();
    }),
  ];
}

function placeOf({ inTable, weight, effectiveWeight }: RealServerReport): string {
  if (!inTable) return 'not in the table';
  return weight === effectiveWeight ? `weight ${weight}` : `weight ${effectiveWeight} of ${weight}`;
}

/** A quorum is regained with more than it is kept with. */
const quorumNeeded = ({ needed, hysteresis }: QuorumReport): string =>
  hysteresis === 0 ? `${needed} needed` : `${needed + hysteresis} needed (quorum ${needed}, hysteresis ${hysteresis})`;

const overrideText = (override: RealServerReport['override']): string[] =>
  override === undefined ? [] : [override === 'drained' ? 'drained by an operator' : 'weight set by an operator'];

function checkText({ kind, healthy, reason, at, certificateEnd }: CheckReport, now: Date): string {
  const when = at === undefined ? '' : `, ${ago(at, now)} ago`;
  if (healthy === true && reason === undefined) return `${kind} ok${when}${certificateText(certificateEnd, now)}`;
  if (healthy === null) return reason === undefined ? `${kind} not run yet` : `${kind} not run: ${reason}${when}`;
  return `${kind} ${reason ?? 'failed'}${when}`;
}

/** How long the certificate of the server is still good, in whole days. */
function certificateText(end: string | undefined, now: Date): string {
  if (end === undefined) return '';
  const days = Math.floor((Date.parse(end) - now.getTime()) / 86_400_000);
  return days < 0 ? ', its certificate has ended' : `, its certificate ends in ${days} d`;
}

/** The texts, each as wide as the widest. */
function padded(texts: readonly string[]): string[] {
  const width = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
  return texts.map((text) => text.padEnd(width));
}

/** The time of day; with its date when that is not today. */
function timeOf(since: string, { now, timeZone }: TextOptions): string {
  const at = new Date(since);
  if (Number.isNaN(at.getTime())) return since;
  const [day, time] = dayAndTime(at, timeZone);
  return day === dayAndTime(now, timeZone)[0] ? time : `${day} ${time}`;
}

function dayAndTime(at: Date, timeZone?: string): [day: string, time: string] {
  const twoDigits = {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  } as const;
  const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', ...twoDigits, hourCycle: 'h23' });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const join = (between: string, ...types: Intl.DateTimeFormatPartTypes[]) =>
    types.map((type) => parts.get(type)).join(between);
  return [join('-', 'year', 'month', 'day'), join(':', 'hour', 'minute', 'second')];
}

/** A name or a reason may come from a stranger: control characters of any text become visible. */
const withoutControls = (report: StatusReport): StatusReport =>
  JSON.parse(JSON.stringify(report), (_, value) => (typeof value === 'string' ? visible(value) : value));

const visible = (text: string): string =>
  text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** The span from an ISO time to now, in its two largest units: `3 min 2 s`. */
function ago(since: string, now: Date): string {
  const total = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000));
  const units: readonly [number, string][] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor(total / 3_600) % 24, 'h'],
    [Math.floor(total / 60) % 60, 'min'],
    [total % 60, 's'],
  ];
  const first = units.findIndex(([n]) => n > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}
