/** `holdfast status` for a person: what is, since when, and why. Pure; `now` is given. */
import type { InstanceReport, RealServerReport, StatusReport, VirtualServerReport } from './report.ts';

export interface TextOptions {
  readonly now: Date;
  /** Colours for a terminal. */
  readonly colour: boolean;
}

const ESCAPES = { red: 31, green: 32, yellow: 33, bold: 1 } as const;
type Paint = (style: keyof typeof ESCAPES, text: string) => string;

/** The report as lines that end in a newline. */
export function renderStatus(report: StatusReport, { now, colour }: TextOptions): string {
  const paint: Paint = (style, text) => (colour ? `\u001b[${ESCAPES[style]}m${text}\u001b[0m` : text);
  const { agent } = report;
  const lines = [
    `holdfast ${agent.version}, process ${agent.pid}, ${agent.configurationFile}, up ${ago(agent.startedAt, now)}`,
    ...agent.warnings.map((warning) => `${paint('yellow', 'warning:')} ${warning}`),
  ];
  for (const instance of report.instances) lines.push('', ...instanceLines(instance, now, paint));
  for (const server of report.virtualServers) lines.push('', ...virtualServerLines(server, now, paint));
  if (report.instances.length === 0 && report.virtualServers.length === 0) lines.push('', 'nothing is configured');
  return `${lines.join('\n')}\n`;
}

function instanceLines(instance: InstanceReport, now: Date, paint: Paint): string[] {
  const style = { MASTER: 'green', BACKUP: 'bold', INIT: 'yellow', FAULT: 'red' } as const;
  const { name, interface: on, vrid, priority, effectivePriority, master, state } = instance;
  const shownPriority =
    priority === effectivePriority ? `${priority}` : `${effectivePriority} (configured ${priority})`;
  const why = instance.detail === '' ? instance.cause : instance.detail;
  const lines = [
    `${paint('bold', name)}  ${on}, VRID ${vrid}, VRRPv${instance.version}, priority ${shownPriority}`,
    `  ${paint(style[state], state)} since ${instance.since} (${ago(instance.since, now)}): ${why}`,
  ];
  if (master) lines.push(`  the master is ${master.address}, priority ${master.priority}`);
  for (const { address, interface: device, held, problem } of instance.virtualAddresses) {
    lines.push(
      `  ${address} dev ${device}: ${held ? 'held' : 'not held'}${problem ? `; ${paint('yellow', problem)}` : ''}`,
    );
  }
  return lines;
}

function virtualServerLines(server: VirtualServerReport, now: Date, paint: Paint): string[] {
  const { id, scheduler, forwardingMethod, inTable, realServers } = server;
  const missing = inTable ? '' : `, ${paint('red', 'not in the kernel’s table')}`;
  const width = Math.max(0, ...realServers.map((realServer) => realServer.id.length));
  return [
    `${paint('bold', id)}  ${scheduler}, ${forwardingMethod}${missing}`,
    ...realServers.map((realServer) => `  ${realServerLine(realServer, width, now, paint)}`),
  ];
}

function realServerLine(server: RealServerReport, width: number, now: Date, paint: Paint): string {
  const health = server.healthy ? paint('green', 'up  ') : paint('red', 'down');
  const weight =
    server.weight === server.effectiveWeight ? `${server.weight}` : `${server.effectiveWeight} of ${server.weight}`;
  const checks = server.checks.map((check) => {
    if (check.healthy === null || check.at === undefined) return `${check.kind} not run yet`;
    const result = check.healthy ? 'ok' : (check.reason ?? 'failed');
    return `${check.kind} ${result}, ${ago(check.at, now)} ago`;
  });
  const place = server.inTable ? `weight ${weight}` : 'not in the table';
  return `${server.id.padEnd(width)}  ${health}  ${[place, ...checks].join('; ')}`;
}

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
