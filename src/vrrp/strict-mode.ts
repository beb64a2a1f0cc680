/**
 * What strict_mode overrules, said where the file says otherwise, and how many addresses an advertisement has room for.
 * The values themselves are set in complete-instance.ts. keepalived.conf(5) "strict_mode".
 */
import type { Family } from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import type { AddressLine } from './address-keywords.ts';
import type { InstanceReading } from './complete-instance.ts';

/** Says which lines strict mode overrules. @param first the first address that is advertised */
export function checkStrict(
  { values, at, keyword }: InstanceReading,
  isStrict: boolean,
  family: Family,
  first: AddressLine | undefined,
  report: Report,
): void {
  if (!isStrict) return;
  const say = (key: Parameters<InstanceReading['at']>[0], message: string) =>
    report.warning(at(key)?.keyword ?? keyword, message);
  if ((values.garpLowerPriorityDelay ?? 0) > 0) {
    say('garpLowerPriorityDelay', 'garp_lower_prio_delay does not go with strict mode; it is 0');
  }
  if ((values.garpLowerPriorityRepeat ?? 0) > 0) {
    say('garpLowerPriorityRepeat', 'garp_lower_prio_repeat does not go with strict mode; it is 0');
  }
  if (values.lowerPriorityNoAdvert === false) {
    say('lowerPriorityNoAdvert', 'in strict mode a lower priority is not answered; lower_prio_no_advert is on');
  }
  if (values.higherPrioritySendAdvert === true) {
    say('higherPrioritySendAdvert', 'higher_prio_send_advert does not go with strict mode; it is off');
  }
  if (family === 'inet6' && first !== undefined && !/^fe[89ab]/.test(first.address)) {
    report.warning(first.word, 'the first IPv6 address of a virtual router is a link-local one: RFC 5798 §5.2.9');
  }
}

/** As many addresses as the count of an advertisement can tell: RFC 3768 §5.3.5. */
const ADDRESSES_MAX = 255;
const ETHERNET_MTU = 1500;
/** What keepalived leaves for headers: IP, and IPsec AH or what is as long; and the authentication data of version 2. */
const HEADERS = { inet: 20 + 24, inet6: 40 + 24 };
const AUTHENTICATION_DATA = 8;

/** How many addresses fit into an advertisement. @param mtu of the interface; undefined: as of Ethernet */
export function addressesMax(family: Family, version: 2 | 3, mtu = ETHERNET_MTU): number {
  const room = mtu - HEADERS[family] - (family === 'inet' && version === 2 ? AUTHENTICATION_DATA : 0);
  return Math.min(ADDRESSES_MAX, Math.floor(room / (family === 'inet' ? 4 : 16)));
}
