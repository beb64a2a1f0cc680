/**
 * What `holdfast metrics` prints: the status as numbers, in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). A name never gets another meaning; units are those of
 * Prometheus: seconds, and days where the name says so.
 */
import type { InstanceReport, RealServerReport, StatusReport, VirtualServerReport } from './report.ts';

type Labels = Readonly<Record<string, string | number>>;

/** Samples of one name. */
interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

const STATES: readonly InstanceReport['state'][] = ['INIT', 'BACKUP', 'MASTER', 'FAULT'];
const MS_PER_DAY = 86_400_000;

/** @param now for what is counted until then: days to the end of certificates */
export function renderMetrics(report: StatusReport, now: Date): string {
  const families = [...agentFamilies(report), ...vrrpFamilies(report), ...lvsFamilies(report, now)];
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

const bit = (value: boolean): number => (value ? 1 : 0);
const secondsOf = (time: string): number => Date.parse(time) / 1000;
const ONE: Labels = {};

function agentFamilies({ agent, ipvs }: StatusReport): Family[] {
  const { version, startedAt, configurationProblems, warnings } = agent;
  return [
    gauge('info', 'The agent that answers.', [[{ version }, 1]]),
    gauge('start_time_seconds', 'When the agent started, as Unix time.', [[ONE, secondsOf(startedAt)]]),
    gauge('configuration_problems', 'Errors and warnings of the configuration that runs.', [
      [ONE, configurationProblems],
    ]),
    gauge('warnings', 'Things that need a person.', [[ONE, warnings.length]]),
    gauge('ipvs_available', 'Whether the kernel has IPVS and it is used.', [[ONE, bit(ipvs.available)]]),
  ];
}

function vrrpFamilies({ instances, strayPackets, lateness, bfd = [] }: StatusReport): Family[] {
  const each = <T>(value: (instance: InstanceReport) => T) =>
    instances.map((one) => [{ instance: one.name }, value(one)] as const);
  return [
    gauge(
      'vrrp_state',
      '1 for the state that an instance is in, 0 for the others.',
      instances.flatMap(({ name, state, interface: device, vrid }) =>
        STATES.map((one) => [{ instance: name, interface: device, vrid, state: one }, bit(one === state)] as const),
      ),
    ),
    gauge(
      'vrrp_state_since_seconds',
      'When the state was entered, as Unix time.',
      each(({ since }) => secondsOf(since)),
    ),
    gauge(
      'vrrp_priority',
      'As configured.',
      each(({ priority }) => priority),
    ),
    gauge(
      'vrrp_effective_priority',
      'As it counts now.',
      each(({ effectivePriority }) => effectivePriority),
    ),
    gauge(
      'vrrp_addresses_held',
      'Virtual addresses that the kernel has for us.',
      each(({ virtualAddresses }) => virtualAddresses.filter(({ held }) => held).length),
    ),
    counter(
      'vrrp_transitions_total',
      'Changes of state.',
      each(({ transitions }) => transitions),
    ),
    counter(
      'vrrp_events_total',
      'What the counters of an instance count.',
      instances.flatMap(({ name, counters }) =>
        Object.entries(counters).map(([event, count]) => [{ instance: name, event }, count] as const),
      ),
    ),
    counter(
      'vrrp_stray_packets_total',
      'Received packets that no instance is for.',
      Object.entries(strayPackets).map(([reason, count]) => [{ reason }, count] as const),
    ),
    gauge(
      'election_lateness_seconds',
      'How late the election was for its own deadlines: so many of them were not later than that.',
      lateness === undefined
        ? []
        : (
            [
              ['0.5', lateness.p50_ms],
              ['0.99', lateness.p99_ms],
              ['0.999', lateness.p999_ms],
              ['1', lateness.max_ms],
            ] as const
          ).map(([quantile, ms]) => [{ quantile }, ms / 1000] as const),
    ),
    gauge(
      'bfd_up',
      'Whether a BFD session is up.',
      bfd.map(({ name, state }) => [{ session: name }, bit(state === 'Up')] as const),
    ),
  ];
}

function lvsFamilies({ virtualServers }: StatusReport, now: Date): Family[] {
  const services = <T>(value: (server: VirtualServerReport) => T) =>
    virtualServers.map((one) => [{ virtual_server: one.id }, value(one)] as const);
  const servers = <T>(value: (real: RealServerReport) => T) =>
    virtualServers.flatMap(({ id, realServers }) =>
      realServers.map((one) => [{ virtual_server: id, real_server: one.id }, value(one)] as const),
    );
  const checks = virtualServers.flatMap(({ id, realServers }) =>
    realServers.flatMap((real) =>
      real.checks.map((check, index) => ({
        labels: { virtual_server: id, real_server: real.id, check: check.kind, index },
        check,
      })),
    ),
  );
  return [
    gauge(
      'virtual_server_in_table',
      'Whether the kernel has the service.',
      services(({ inTable }) => bit(inTable)),
    ),
    gauge(
      'virtual_server_quorum_up',
      'Whether enough real servers are up.',
      services(({ quorum }) => bit(quorum.isUp)),
    ),
    gauge(
      'virtual_server_weight',
      'Of the real servers that are up.',
      services(({ quorum }) => quorum.weight),
    ),
    gauge(
      'virtual_server_sorry',
      'Whether the sorry server serves.',
      virtualServers.flatMap(({ id, sorryServer }) =>
        sorryServer === undefined ? [] : [[{ virtual_server: id }, bit(sorryServer.serves)] as const],
      ),
    ),
    gauge(
      'real_server_up',
      'Whether all of its checkers say so.',
      servers(({ healthy }) => bit(healthy)),
    ),
    gauge(
      'real_server_in_table',
      'Whether the kernel has it.',
      servers(({ inTable }) => bit(inTable)),
    ),
    gauge(
      'real_server_weight',
      'As the kernel has it.',
      servers(({ effectiveWeight }) => effectiveWeight),
    ),
    gauge(
      'check_up',
      'What the last probe of a checker said.',
      checks.flatMap(({ labels, check: { healthy } }) => (healthy === null ? [] : [[labels, bit(healthy)] as const])),
    ),
    gauge(
      'check_duration_seconds',
      'How long the last probe took.',
      checks.flatMap(({ labels, check: { took_ms } }) =>
        took_ms === undefined ? [] : [[labels, took_ms / 1000] as const],
      ),
    ),
    gauge(
      'check_certificate_days',
      'Days until the certificate ends that the server has shown; less than 0 when it has ended.',
      checks.flatMap(({ labels, check: { certificateEnd } }) =>
        certificateEnd === undefined
          ? []
          : [[labels, (Date.parse(certificateEnd) - now.getTime()) / MS_PER_DAY] as const],
      ),
    ),
  ];
}

const family =
  (type: Family['type']) =>
  (name: string, help: string, samples: Family['samples']): Family => ({
    name: `holdfast_${name}`,
    type,
    help,
    samples,
  });
const gauge = family('gauge');
const counter = family('counter');

const familyText = ({ name, type, help, samples }: Family): string =>
  [
    `# HELP ${name} ${help}\n`,
    `# TYPE ${name} ${type}\n`,
    ...samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`),
  ].join('');

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join()}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
