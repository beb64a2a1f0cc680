/** Why a scenario may be told differently: each with its line in docs/differences.md. */
import type { Member, Scenario, Step } from './scenario.ts';

export interface KnownDifference {
  /** The first cell of the line in docs/differences.md. */
  readonly page: string;
  concerns(scenario: Scenario): boolean;
}

const some = ({ members, steps }: Scenario, happens: (step: Step, member: Member) => boolean): boolean =>
  steps.some((step) => happens(step, members[step.member] as Member));

export const knownDifferences: readonly KnownDifference[] = [
  {
    page: 'the address list of an advertisement differs',
    concerns: (scenario) =>
      some(scenario, ({ happening }) => happening.type === 'advertisement' && happening.fault === 'addresses'),
  },
  {
    page: 'another router with priority 255 beside the owner of the addresses',
    concerns: (scenario) =>
      some(
        scenario,
        ({ happening }, { priority }) =>
          priority === 255 && happening.type === 'advertisement' && happening.priority === 255,
      ),
  },
  {
    page: 'an advertisement over IPv6 from our own address',
    concerns: (scenario) =>
      some(
        scenario,
        ({ happening }, { family }) =>
          family === 'inet6' && happening.type === 'advertisement' && happening.fault === 'own-address',
      ),
  },
  {
    page: 'the owner of the addresses (priority 255) returns from FAULT',
    concerns: (scenario) =>
      some(scenario, ({ happening }, { priority }) => priority === 255 && happening.type === 'carrier'),
  },
];
