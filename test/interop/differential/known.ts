/** Why a scenario may be told differently: each with its line in docs/differences.md. */
import type { Fault, Happening, Member, Scenario, Step } from './scenario.ts';

type Advertised = Extract<Happening, { type: 'advertisement' }>;

export interface KnownDifference {
  /** The first cell of the line in docs/differences.md. */
  readonly page: string;
  concerns(happening: Happening, member: Member): boolean;
  /**
   * What keepalived has to hear instead to do as holdfast does with this; so it is not just anything that may differ.
   * Absent: it does something that holdfast never does.
   */
  instead?(happening: Advertised): Advertised;
}

/** What is wrong with advertisements that keepalived discards and yet counts as heard; those of another VRID it does not. */
const DISCARDED = new Set<Fault>(['checksum', 'ttl', 'version', 'type', 'length']);
const DISCARDED_OF_V2 = new Set<Fault>(['authentication', 'password', 'interval']);

export const knownDifferences: readonly KnownDifference[] = [
  {
    page: 'the address list of an advertisement differs',
    concerns: (happening) => happening.type === 'advertisement' && happening.fault === 'addresses',
    instead: ({ fault: _, ...right }) => right,
  },
  {
    page: 'an advertisement over IPv6 from our own address',
    concerns: (happening, { family }) =>
      family === 'inet6' && happening.type === 'advertisement' && happening.fault === 'own-address',
    instead: (happening) => ({ ...happening, fault: 'ttl' }),
  },
  {
    page: 'the priority of a BACKUP changes after an advertisement that was discarded',
    concerns: (happening, { version, fileWeight, linkWeight }) =>
      Boolean(fileWeight || linkWeight) &&
      happening.type === 'advertisement' &&
      happening.fault !== undefined &&
      (DISCARDED.has(happening.fault) || (version === 2 && DISCARDED_OF_V2.has(happening.fault))),
    instead: (happening) => ({ ...happening, fault: 'vrid' }),
  },
  {
    page: 'another router with priority 255 beside the owner of the addresses',
    concerns: (happening, { priority }) =>
      priority === 255 && happening.type === 'advertisement' && happening.priority === 255,
  },
  {
    page: 'the owner of the addresses (priority 255) returns from FAULT',
    concerns: (happening, { priority }) => priority === 255 && happening.type === 'carrier',
  },
];

const concerning = ({ members }: Scenario, { happening, member }: Step): KnownDifference[] =>
  knownDifferences.filter((known) => known.concerns(happening, members[member] as Member));

/** Whether it may be told differently at all. */
export const isKnown = (scenario: Scenario): boolean =>
  scenario.steps.some((step) => concerning(scenario, step).length > 0);

/** Whether keepalived can be made to tell what holdfast tells. */
export const isTranslatable = (scenario: Scenario): boolean =>
  scenario.steps.every((step) => concerning(scenario, step).every(({ instead }) => instead !== undefined));

/** What keepalived hears instead of an advertisement. */
export function translated(happening: Advertised, member: Member): Advertised {
  const known = knownDifferences.find((one) => one.instead !== undefined && one.concerns(happening, member));
  return known?.instead?.(happening) ?? happening;
}
