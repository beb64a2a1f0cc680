/**
 * What keeps the instances of one virtual router from being one: VRID, version, interval, authentication, addresses.
 * keepalived's side of it: keepalived 2.2.7.
 */
import { inSeconds } from '../base/time.ts';
import {
  addressesOf,
  apart,
  type ClusterNode,
  enumerate,
  type Finding,
  type FindingPlace,
  lacking,
  type Member,
  placeOf,
  type RouterGroup,
} from './cluster.ts';
import { RouterFindings } from './cluster-findings.ts';

const EACH_DISCARDS = "each discards the other's advertisements";

/** What is wrong with a virtual router. @param nodes all nodes, for those that do not have it */
export function checkRouter(group: RouterGroup, nodes: readonly ClusterNode[]): Finding[] {
  const say = new RouterFindings(group);
  return [
    ...checkMissing(say, nodes),
    ...checkIdentity(say),
    ...checkAuthentication(say),
    ...checkAddresses(say),
    ...checkPrefixes(say),
  ];
}

function checkMissing(say: RouterFindings, nodes: readonly ClusterNode[]): Finding[] {
  const { group } = say;
  const without = nodes.filter((node) => group.every((member) => member.node !== node));
  const vrid = group[0]?.instance.vrid;
  if (without.length === 0) return [];
  const lack = enumerate(without.map(({ name }) => name));
  const isAlone = group.length === 1;
  const consequence = isAlone
    ? `when ${say.names} fails, nobody takes over ${say.vips}`
    : `${lack} never ${without.length === 1 ? 'takes' : 'take'} over ${say.vips}`;
  const leftOut = without.flatMap((node) => leftOutLike(group, node));
  const reason =
    leftOut.length === 0
      ? ''
      : `, whose vrrp_instance ${[...new Set(leftOut.map(({ name }) => name))].join('/')} is left out`;
  const message =
    `${say.names} ${isAlone ? 'has' : 'have'} virtual router ${vrid} and ${lack} ` +
    `${without.length === 1 ? 'does' : 'do'} not${reason}: ${consequence}`;
  const places = [...group.map(({ statement }) => placeOf(statement)), ...leftOut.map(({ place }) => place)];
  // Two of three nodes are a cluster too.
  return [say.finding(isAlone ? 'warning' : 'note', 'router-missing', message, { places })];
}

/** An instance that a file has and that its mistakes keep from running, when it is the missing one. */
function leftOutLike(group: RouterGroup, node: ClusterNode): { name: string; place: FindingPlace }[] {
  const running = new Set(node.configuration.instances.map(({ name }) => name));
  const isMeant = (name: string, words: readonly string[]): boolean =>
    group.some(
      ({ instance }) =>
        instance.name === name ||
        instance.virtualAddresses.some(({ address }) => words.some((word) => word.split('/')[0] === address)),
    );
  return node.statements.flatMap((statement) => {
    const name = statement.args[0]?.text ?? '';
    if (statement.keyword.text !== 'vrrp_instance' || running.has(name)) return [];
    const lists = (statement.block ?? []).filter(({ keyword }) => keyword.text === 'virtual_ipaddress');
    const words = lists.flatMap(({ block = [] }) => block.map(({ keyword }) => keyword.text));
    return isMeant(name, words) ? [{ name, place: placeOf(statement) }] : [];
  });
}

/** VRID, version and interval: whether they hear each other as the same virtual router. */
function checkIdentity(say: RouterFindings): Finding[] {
  const { group, vips } = say;
  const vrid = apart(group, ({ instance }) => `virtual_router_id ${instance.vrid}`);
  const version = apart(group, ({ instance }) => `VRRP version ${instance.version}`);
  const interval = apart(group, ({ instance }) => `advert_int ${inSeconds(instance.advertisementInterval)} s`);
  const isVersion2 = group.some(({ instance }) => instance.version === 2);
  const keywords = ['advert_int'];
  return [
    ...say.differing(
      vrid,
      'error',
      'vrid',
      `each takes itself for the only router, and all are MASTER of ${vips} at once`,
      { keywords: ['virtual_router_id'] },
    ),
    ...say.differing(version, 'error', 'version', `${EACH_DISCARDS}, and all become MASTER of ${vips} at once`, {
      places: group.map(placeOfVersion),
    }),
    ...(isVersion2
      ? say.differing(
          version === undefined ? interval : undefined,
          'error',
          'advert-int',
          `in version 2 ${EACH_DISCARDS}, and all become MASTER of ${vips} at once`,
          { keywords },
        )
      : say.differing(
          interval,
          'note',
          'advert-int',
          'in version 3 a Backup goes by the interval of its Master, so a failover takes longer from one than from another',
          { keywords },
        )),
  ];
}

/** Where an instance gets its version from. */
function placeOfVersion({ node, statement }: Member): FindingPlace {
  const own = placeOf(statement, 'version');
  const global = node.statements.findLast(({ keyword }) => keyword.text === 'global_defs');
  if (own.line !== statement.keyword.line || own.file !== statement.keyword.file || global === undefined) return own;
  const given = placeOf(global, 'vrrp_version');
  return given.line === global.keyword.line && given.file === global.keyword.file ? own : given;
}

function checkAuthentication(say: RouterFindings): Finding[] {
  const { group, vips } = say;
  if (apart(group, ({ instance }) => `${instance.version}`) !== undefined) return [];
  const consequence = `${EACH_DISCARDS}, and all become MASTER of ${vips} at once`;
  const type = apart(group, ({ instance }) => {
    const { type: kind } = instance.authentication ?? {};
    return kind === undefined ? 'no authentication' : `auth_type ${kind}`;
  });
  if (type !== undefined) {
    return say.differing(type, 'error', 'authentication', consequence, { keywords: ['auth_type', 'authentication'] });
  }
  const passwords = group.map(({ instance }) => instance.authentication?.password ?? '');
  if (new Set(passwords.map(onTheWire)).size < 2) return [];
  const isCaseOnly = new Set(passwords.map((password) => onTheWire(password.toLowerCase()))).size < 2;
  const difference = `the passwords of ${say.names} differ${isCaseOnly ? ' in upper and lower case' : ''}`;
  return say.differing(difference, 'error', 'password', consequence, { keywords: ['auth_pass', 'authentication'] });
}

/** The 8 bytes of a password that are sent: RFC 2338 §5.3.6. */
const onTheWire = (password: string): string => new TextEncoder().encode(password).slice(0, 8).join(' ');

function checkAddresses(say: RouterFindings): Finding[] {
  const { group } = say;
  const advertised = lacking(group, (member) => member.instance.virtualAddresses.map(({ address }) => address));
  const held = lacking(group, (member) => addressesOf(member.instance));
  if (advertised !== undefined) {
    const isGone = held === undefined ? '' : ', and what the MASTER does not have is gone';
    const difference =
      held === undefined ? `${advertised} in virtual_ipaddress and has it in virtual_ipaddress_excluded` : advertised;
    return say.differing(
      difference,
      'error',
      'vip-list',
      'keepalived 2.2.7 discards an advertisement with other addresses, so all become MASTER at once; holdfast ' +
        `listens${isGone}`,
      { keywords: ['virtual_ipaddress'] },
    );
  }
  return say.differing(held, 'warning', 'excluded-list', 'what the MASTER does not have is gone', {
    keywords: ['virtual_ipaddress_excluded'],
  });
}

/** The prefix of an address is not advertised: nobody would notice before the failover. */
function checkPrefixes(say: RouterFindings): Finding[] {
  const { group } = say;
  const prefixes = group.map(
    ({ instance }) =>
      new Map(
        [...instance.virtualAddresses, ...instance.excludedAddresses].map((one) => [one.address, one.prefixLength]),
      ),
  );
  const differing = [...(prefixes[0]?.keys() ?? [])].flatMap((address) => {
    if (prefixes.some((map) => !map.has(address))) return [];
    const difference = apart(group, (member) => `${address}/${prefixes[group.indexOf(member)]?.get(address)}`);
    return difference === undefined ? [] : [difference];
  });
  const [first, ...others] = differing;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `, and ${others.length} more differ`;
  return [
    say.finding('warning', 'vip-prefix', `${first}${more}: a failover changes which network is on the interface`, {
      keywords: ['virtual_ipaddress'],
    }),
  ];
}
