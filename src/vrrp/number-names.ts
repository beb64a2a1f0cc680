/**
 * Names that stand for numbers of the kernel: routing tables, scopes, protocols, realms, fields of the IP header, groups
 * of interfaces, IP protocols. iproute2 keeps them in files; what it ships is here, for hosts without them.
 */
import type { NumberOf } from '../config/table.ts';

/** The kinds of names, by the file that has them. */
export const NAME_FILES = {
  table: '/etc/iproute2/rt_tables',
  scope: '/etc/iproute2/rt_scopes',
  protocol: '/etc/iproute2/rt_protos',
  realm: '/etc/iproute2/rt_realms',
  dsfield: '/etc/iproute2/rt_dsfield',
  group: '/etc/iproute2/group',
  ipProtocol: '/etc/protocols',
} as const;
export type NameKind = keyof typeof NAME_FILES;

const numbered = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split(' ').map((pair) => {
      const [name = '', number] = pair.split('=');
      return [name, Number(number)];
    }),
  );

const SHIPPED: Readonly<Record<NameKind, ReadonlyMap<string, number>>> = {
  table: numbered('unspec=0 default=253 main=254 local=255'),
  scope: numbered('global=0 site=200 link=253 host=254 nowhere=255'),
  protocol: numbered(
    'unspec=0 redirect=1 kernel=2 boot=3 static=4 gated=8 ra=9 mrt=10 zebra=11 bird=12 dnrouted=13 xorp=14 ntk=15 ' +
      'dhcp=16 keepalived=18 babel=42 openr=99 bgp=186 isis=187 ospf=188 rip=189 eigrp=192',
  ),
  realm: numbered('cosmos=0'),
  dsfield: numbered(
    'default=0 AF11=0x28 AF12=0x30 AF13=0x38 AF21=0x48 AF22=0x50 AF23=0x58 AF31=0x68 AF32=0x70 AF33=0x78 AF41=0x88 ' +
      'AF42=0x90 AF43=0x98 CS1=0x20 CS2=0x40 CS3=0x60 CS4=0x80 CS5=0xA0 CS6=0xC0 CS7=0xE0 EF=0xB8',
  ),
  group: numbered('default=0'),
  ipProtocol: numbered(
    'ip=0 hopopt=0 icmp=1 igmp=2 ipencap=4 st=5 tcp=6 egp=8 udp=17 ipv6=41 ipv6-route=43 ipv6-frag=44 rsvp=46 gre=47 ' +
      'esp=50 ah=51 ipv6-icmp=58 ipv6-nonxt=59 ipv6-opts=60 ospf=89 ipip=94 pim=103 ipcomp=108 vrrp=112 l2tp=115 ' +
      'sctp=132 udplite=136',
  ),
};

/** The names that iproute2 ships. */
export const shippedNames: NumberOf = (kind, name) => SHIPPED[kind as NameKind].get(name);

/**
 * The names of this host's files; what iproute2 ships, where there is no file.
 * @param read the text of a file, undefined when there is none; each is read once, when it is asked for
 */
export function namesOfFiles(read: (path: string) => string | undefined): NumberOf {
  const known = new Map<NameKind, ReadonlyMap<string, number>>();
  const namesOf = (kind: NameKind): ReadonlyMap<string, number> => {
    const text = read(NAME_FILES[kind]);
    return text === undefined ? SHIPPED[kind] : parseNames(text, kind === 'ipProtocol');
  };
  return (given, name) => {
    const kind = given as NameKind;
    const names = known.get(kind) ?? namesOf(kind);
    known.set(kind, names);
    return names.get(name);
  };
}

/** Lines of a number and a name; /etc/protocols has them the other way round, with further names behind. */
function parseNames(text: string, isProtocols: boolean): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [first, second, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (first === undefined || second === undefined) continue;
    const number = Number(isProtocols ? second : first);
    if (!Number.isInteger(number)) continue;
    for (const name of isProtocols ? [first, ...rest] : [second]) names.set(name, number);
  }
  return names;
}
