/** `encap ip|ip6|mpls|ila …` of a route or a nexthop: iproute2's words, ip-route(8) "encap". */
import { addressBytes, type Family, familyOf, type IpAddress, parseAddress } from '../base/address.ts';
import type { Word } from '../config/lexer.ts';
import type { LineWords } from './line-words.ts';
import type { Encapsulation } from './route.ts';

const BYTE_MAX = 255;
/** 20 bits: RFC 3032 §2.1. */
const MPLS_LABEL_MAX = 0xfffff;
const UINT16_MAX = 0xffff;

/** What stands behind `encap`; undefined when there is no such header. */
export function readEncapsulation(words: LineWords, option: Word): Encapsulation | undefined {
  const type = words.next();
  switch (type?.text) {
    case 'ip':
    case 'ip6':
      return tunnel(type.text, words, option);
    case 'mpls':
      return mpls(words, option);
    case 'ila':
      return ila(words, option);
    case undefined:
      words.warn(option, 'encap has no type; it is ignored', { suggestion: 'write ip, ip6, mpls or ila' });
      return undefined;
    default:
      words.warn(type as Word, `encap: expected ip, ip6, mpls or ila, got '${type?.text}'; it is ignored`);
      return undefined;
  }
}

/** A tunnel in the headers of IPv4 or IPv6, until the first word that is none of its options. */
function tunnel(type: 'ip' | 'ip6', words: LineWords, option: Word): Encapsulation {
  const family: Family = type === 'ip' ? 'inet' : 'inet6';
  const found: { -readonly [K in keyof Extract<Encapsulation, { type: 'ip' | 'ip6' }>]?: unknown } = {};
  const address = (at: Word): IpAddress | undefined => {
    const word = words.value(at);
    if (word === undefined) return undefined;
    const given = parseAddress(word.text);
    if (given !== undefined && familyOf(given) === family) return given;
    return words.drop(word, `encap ${type} ${at.text}: expected an address of the outer header, got '${word.text}'`);
  };
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    const [tos, ttl] = type === 'ip' ? ['tos', 'ttl'] : ['tc', 'hoplimit'];
    const isKnown = ['id', 'dst', 'src', 'flags', tos, ttl].includes(word.text);
    if (!isKnown) break;
    words.next();
    if (words.peek() === undefined) {
      // keepalived goes on with the option of the route that has the same name
      if (word.text === 'tos' || word.text === 'hoplimit') words.value(word);
      else words.drop(word, `encap ${type} ${word.text} has no value`);
      break;
    }
    if (word.text === 'id') found.id = words.number(word, 0, Number.MAX_SAFE_INTEGER);
    else if (word.text === 'dst') found.destination = address(word);
    else if (word.text === 'src') found.source = address(word);
    else if (word.text === 'flags') found.flags = words.number(word, 0, UINT16_MAX);
    else if (word.text === tos) found.trafficClass = words.named(word, 'dsfield', BYTE_MAX);
    else found.hopLimit = words.number(word, 0, BYTE_MAX);
  }
  if (found.id === undefined && found.destination === undefined && !words.dropped) {
    words.warn(option, `encap ${type} has neither dst nor id`);
  }
  const given = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { type, ...given } as Encapsulation;
}

function mpls(words: LineWords, option: Word): Encapsulation {
  const word = words.next();
  if (word === undefined) {
    words.warn(option, 'encap mpls has no label');
    return { type: 'mpls', labels: [] };
  }
  const labels = word.text.split('/').map((label) => (/^[0-9]{1,7}$/.test(label) ? Number(label) : Number.NaN));
  if (labels.every((label) => label <= MPLS_LABEL_MAX)) return { type: 'mpls', labels };
  words.warn(word, `encap mpls: expected labels up to ${MPLS_LABEL_MAX} with slashes between them, got '${word.text}'`);
  return { type: 'mpls', labels: [] };
}

/** Four groups of hexadecimal digits: the upper half of an IPv6 address. */
function ila(words: LineWords, option: Word): Encapsulation {
  const word = words.next();
  const groups = word?.text.split(':') ?? [];
  const address = groups.length === 4 ? parseAddress(`${word?.text}::`) : undefined;
  if (address !== undefined) {
    const bytes = addressBytes(address).slice(0, 8);
    return { type: 'ila', locator: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') };
  }
  if (word === undefined) words.warn(option, 'encap ila has no locator');
  else words.warn(word, `encap ila: expected four groups of hexadecimal digits, got '${word.text}'`);
  return { type: 'ila', locator: '0000000000000000' };
}
