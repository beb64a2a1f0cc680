/** The sentences of `holdfast status` about what needs a person. */
import type { Diagnostic } from '../config/diagnostics.ts';
import type { InstanceReport, IpvsReport, NotificationReport } from '../status/report.ts';

export interface WarningsSource {
  readonly diagnostics: readonly Diagnostic[];
  /** What the agent itself has found; undefined ones are left out. */
  readonly standing: readonly (string | undefined)[];
  readonly instances: readonly InstanceReport[];
  /** Absent: nobody says, or nobody wants virtual servers. */
  readonly ipvs?: IpvsReport | undefined;
  readonly notifications: readonly NotificationReport[];
}

/** In the order of their importance. */
export function warningsOf({ diagnostics, standing, instances, ipvs, notifications }: WarningsSource): string[] {
  const problems = diagnostics.filter((entry) => entry.severity === 'error');
  const [first] = problems;
  return [
    ...(first === undefined
      ? []
      : [
          `${problems.length} error${problems.length === 1 ? '' : 's'} in the configuration, running with what was ` +
            `understood; the first: ${first.file}:${first.line}:${first.column}: ${first.message}`,
        ]),
    ...standing.filter((sentence) => sentence !== undefined),
    ...(ipvs === undefined || ipvs.available
      ? []
      : [`no virtual server works: ${ipvs.reason ?? 'IPVS is not available'}`]),
    ...instances.flatMap(({ name, virtualAddresses, virtualRoutes = [], virtualRules = [], problems = [] }) => {
      const ofThings = [...virtualAddresses, ...virtualRoutes, ...virtualRules].map(({ problem }) => problem);
      return [...ofThings, ...problems].flatMap((problem) => (problem ? [`${name}: ${problem}`] : []));
    }),
    ...notifications.flatMap(({ subject, event, keyword, succeeded, result }) =>
      succeeded === false ? [`${keyword} of ${subject} (${event}) ${result}`] : [],
    ),
  ];
}
