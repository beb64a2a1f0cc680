/** How findings about one virtual router are worded: who, which addresses, which lines. */
import type { Severity } from '../config/diagnostics.ts';
import {
  addressesOf,
  enumerate,
  enumerateFew,
  type Finding,
  type FindingCode,
  type FindingPlace,
  type Member,
  placeOf,
  placesOf,
  type RouterGroup,
} from './cluster.ts';

/** What may be said besides the sentence. */
interface Details {
  /** The lines that it is about; without them the instances themselves. */
  readonly keywords?: readonly string[];
  /** Whom it is about; without them everybody. */
  readonly members?: readonly Member[];
  readonly places?: readonly FindingPlace[];
  readonly suggestion?: string;
}

/** Makes findings about a virtual router. */
export class RouterFindings {
  readonly group: RouterGroup;
  /** The addresses in messages. */
  readonly vips: string;
  /** The nodes in messages. */
  readonly names: string;

  constructor(group: RouterGroup) {
    this.group = group;
    const addresses = new Set(group.flatMap(({ instance }) => addressesOf(instance)));
    const nameless = `virtual router ${group[0]?.instance.vrid}`;
    this.vips = addresses.size === 0 ? nameless : enumerateFew([...addresses].sort());
    this.names = enumerate(group.map(({ node }) => node.name));
  }

  finding(severity: Severity, code: FindingCode, message: string, details: Details = {}): Finding {
    const { keywords = [], members = this.group, suggestion } = details;
    const places = details.places ?? members.map(({ statement }) => placeOf(statement, ...keywords));
    const title = [...new Set(members.map(({ instance }) => instance.name))].join('/');
    return {
      severity,
      code,
      message: `${title}: ${this.#wording(message)}`,
      ...(suggestion === undefined ? {} : { suggestion }),
      places: placesOf(places),
    };
  }

  /** A difference with its consequence; nothing when there is no difference. */
  differing(
    difference: string | undefined,
    severity: Severity,
    code: FindingCode,
    consequence: string,
    details: Details = {},
  ): Finding[] {
    return difference === undefined ? [] : [this.finding(severity, code, `${difference}: ${consequence}`, details)];
  }

  /** Two are both, more are all. */
  #wording(text: string): string {
    return this.group.length === 2 ? text.replace(/\ball (become|are) MASTER/, 'both $1 MASTER') : text;
  }
}

/** Whether the file of a member says it, acted on or not. */
export const asks = ({ statement }: Member, keyword: string): boolean =>
  (statement.block ?? []).some((inner) => inner.keyword.text === keyword);
