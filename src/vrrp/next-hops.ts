/** `nexthop option…`, repeated to the end of the line of a route. keepalived.conf(5) "virtual_routes". */
import { type Family, familyOf, parseAddress } from '../base/address.ts';
import type { Word } from '../config/lexer.ts';
import { type Draft, type LineWords, withoutUndefined } from './line-words.ts';
import type { NextHop } from './route.ts';
import { readEncapsulation } from './route-encapsulation.ts';

const WEIGHT_MAX = 256;

/**
 * The ways of a multipath route, after the first `nexthop`. With a mistake in it there is none, as with keepalived.
 * @param family of the destination; undefined: not known yet
 * @param interfaces gets the ones that are named
 */
export function readNextHops(words: LineWords, family: Family | undefined, interfaces: Word[]): NextHop[] | undefined {
  const hops: Draft<NextHop>[] = [{}];
  let isWrong = false;
  const wrong = (at: Word, problem: string): undefined => {
    isWrong = true;
    words.warn(at, `${problem}; the route has no nexthop`);
    words.skip();
  };
  const options: Readonly<Record<string, (hop: Draft<NextHop>, option: Word) => void>> = {
    nexthop: () => hops.push({}),
    via(hop, option) {
      const given = words.family();
      const word = words.value(option);
      if (word === undefined) return;
      const address = parseAddress(word.text);
      if (address === undefined) {
        wrong(word, `expected an IP address, got '${word.text}'`);
        return;
      }
      hop.gateway = address;
      const is = familyOf(address);
      if (is !== (family ?? is) || is !== (given ?? is)) wrong(word, `${word.text} is not of the family of the route`);
    },
    dev(hop, option) {
      const word = words.value(option);
      if (word === undefined) return;
      hop.interface = word.text;
      interfaces.push(word);
    },
    weight(hop, option) {
      const word = words.value(option);
      if (word === undefined) return;
      const weight = /^\+?[0-9]{1,9}$/.test(word.text) ? Number(word.text) : 0;
      if (weight >= 1 && weight <= WEIGHT_MAX) hop.weight = weight;
      else wrong(word, `expected a weight from 1 to ${WEIGHT_MAX}, got '${word.text}'`);
    },
    onlink(hop) {
      hop.onlink = true;
    },
    realms(hop, option) {
      const word = words.value(option);
      if (word === undefined) return;
      hop.realms = words.realmsOf(word) ?? wrong(word, `'${word.text}' is no realm`);
    },
    encap(hop, option) {
      hop.encapsulation = readEncapsulation(words, option);
    },
    as: (_hop, option) => wrong(option, 'as is not possible here'),
  };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const option = Object.hasOwn(options, word.text) ? options[word.text] : undefined;
    if (option !== undefined) option(hops.at(-1) as Draft<NextHop>, word);
    else {
      words.warn(word, `'${word.text}' is no option of a nexthop; the line is not read further`);
      words.skip();
    }
  }
  return isWrong || words.dropped ? undefined : hops.map((hop) => withoutUndefined(hop) as NextHop);
}
