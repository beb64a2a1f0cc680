/** Whether the IPVS tables of the nodes agree: what clients get must not depend on who is MASTER. */
import { inSeconds } from '../base/time.ts';
import type { Severity } from '../config/diagnostics.ts';
import { type Statement, statementWith } from '../config/statement.ts';
import type { ValueEntry } from '../config/table.ts';
import { granularityOf } from '../ipvs/services.ts';
import type { RealServer, Target, VirtualServer } from '../ipvs/virtual-server.ts';
import {
  apart,
  blockKey,
  type ClusterNode,
  enumerate,
  type Finding,
  type FindingCode,
  type FindingPlace,
  lacking,
  placeOf,
} from './cluster.ts';
import { checkersOf } from './real-server-checkers.ts';
import { type RootReading, rootKeywords } from './root.ts';

/** A virtual server of a node. */
interface Holder {
  readonly node: ClusterNode;
  readonly server: VirtualServer;
}

const METHOD_WORDS = { masquerading: 'NAT', 'direct-route': 'DR', tunnel: 'TUN' } as const;

/** What differs between the virtual servers of the nodes. */
export function checkServices(nodes: readonly ClusterNode[]): Finding[] {
  const without = nodes.filter(({ configuration }) => configuration.virtualServers.length === 0);
  if (without.length === nodes.length) return [];
  const directors = nodes.filter((node) => !without.includes(node));
  const places = new Places(nodes);
  const findings: Finding[] = [];
  if (without.length > 0) {
    const names = enumerate(without.map(({ name }) => name));
    findings.push({
      severity: 'error',
      code: 'services-missing',
      message: `${enumerate(directors.map(({ name }) => name))} ${directors.length === 1 ? 'has' : 'have'} virtual servers and ${names} none: after a failover to ${names} no connection is served`,
      places: nodes.map((node) => places.ofFirstServer(node)),
    });
  }
  if (directors.length < 2) return findings;
  const services = new Map<string, Holder[]>();
  for (const node of directors) {
    for (const server of node.configuration.virtualServers) {
      services.set(server.id, [...(services.get(server.id) ?? []), { node, server }]);
    }
  }
  const said = new Set<string>();
  for (const [id, holders] of services) {
    const absent = directors.filter((node) => holders.every((holder) => holder.node !== node));
    if (absent.length > 0) {
      findings.push(...missingService(id, holders, absent, places, said));
      continue;
    }
    findings.push(...checkService(id, holders, places));
  }
  return findings;
}

function missingService(
  id: string,
  holders: readonly Holder[],
  absent: readonly ClusterNode[],
  places: Places,
  said: Set<string>,
): Finding[] {
  const bare = withoutProtocol(id);
  const other = absent.flatMap((node) =>
    node.configuration.virtualServers
      .filter((server) => withoutProtocol(server.id) === bare)
      .map((server): Holder => ({ node, server })),
  );
  const both = [...holders, ...other].sort((a, b) => (a.node.file < b.node.file ? -1 : 1));
  if (other.length === absent.length && new Set(both.map(({ node }) => node)).size === both.length) {
    if (said.has(bare)) return [];
    said.add(bare);
    const difference = apart(both, ({ server }) => `protocol ${protocolOf(server)}`);
    return [
      {
        severity: 'error',
        code: 'service-protocol',
        message: `virtual_server ${bare}: ${difference}: after a failover clients of the other protocol are refused`,
        places: both.map((holder) => places.of(holder, 'protocol')),
      },
    ];
  }
  const [have, lack] = [enumerate(holders.map(({ node }) => node.name)), enumerate(absent.map(({ name }) => name))];
  return [
    {
      severity: 'error',
      code: 'service-missing',
      message: `virtual_server ${id} is on ${have} and not on ${lack}: after a failover to ${lack} its clients are refused`,
      places: holders.map((holder) => places.of(holder)),
    },
  ];
}

const withoutProtocol = (id: string): string => id.replace(/\/[A-Z]+$/, '');
const protocolOf = ({ protocol }: VirtualServer): string => protocol ?? 'none';

function checkService(id: string, holders: readonly Holder[], places: Places): Finding[] {
  const differing = (
    severity: Severity,
    code: FindingCode,
    property: (holder: Holder) => string,
    consequence: string,
    keywords: readonly string[],
  ): Finding[] => {
    const difference = apart(holders, property);
    if (difference === undefined) return [];
    return [
      {
        severity,
        code,
        message: `virtual_server ${id}: ${difference}: ${consequence}`,
        places: holders.map((holder) => places.of(holder, ...keywords)),
      },
    ];
  };
  const scheduler = ({ server }: Holder): string => {
    const flags = [1, 2, 3].filter((n) => server.schedulerFlags & (1 << (n - 1))).map((n) => ` flag-${n}`);
    return `scheduler ${server.scheduler}${flags.join('')}`;
  };
  const persistence = ({ server }: Holder): string =>
    server.persistenceTimeout === 0
      ? 'no persistence'
      : `persistence of ${inSeconds(server.persistenceTimeout)} s for /${granularityOf(server, server.family ?? 'inet')}`;
  const settings = SETTINGS.flatMap(({ code, words, consequence }) =>
    differing('warning', code, (holder) => settingsOf(holder, words, places), consequence, words),
  );
  return [
    ...differing('warning', 'scheduler', scheduler, 'a failover changes who gets which connections', [
      'lb_algo',
      'lvs_sched',
    ]),
    ...differing('warning', 'persistence', persistence, 'after a failover clients do not stay with their servers', [
      'persistence_timeout',
    ]),
    ...settings,
    ...checkRealServers(id, holders, places),
  ];
}

/** Other keywords of a virtual server that have to be the same; how often something is checked may differ. */
const SETTINGS: readonly { code: FindingCode; words: readonly string[]; consequence: string }[] = [
  {
    code: 'sorry-server',
    words: ['sorry_server', 'sorry_server_inhibit', 'sorry_server_lvs_method'],
    consequence: 'without real servers clients get another answer after a failover',
  },
  {
    code: 'quorum',
    words: ['quorum', 'hysteresis'],
    consequence: 'one director still serves when the other has given up',
  },
  {
    code: 'service-options',
    words: ['ops', 'persistence_engine', 'ha_suspend', 'alpha', 'inhibit_on_failure'],
    consequence: 'the directors treat the same servers and clients differently',
  },
];

/** What a service has of some keywords, in words; defaults are left out. */
function settingsOf(holder: Holder, words: readonly string[], places: Places): string {
  const reading = places.reading(holder);
  const given = Object.entries(virtualServerTable.entries).flatMap(([key, entry]) => {
    if (reading === undefined || entry.kind !== 'value' || !words.includes(entry.word)) return [];
    const value: unknown = (reading.values as Readonly<Record<string, unknown>>)[key];
    const { type, fallback } = entry as ValueEntry<unknown, 'value'>;
    if (value === undefined || JSON.stringify(value) === JSON.stringify(fallback)) return [];
    const shown = (type.write ?? type.show)(value);
    return [shown === '' ? entry.word : `${entry.word} ${shown}`];
  });
  return given.length === 0 ? `no ${words[0]}` : given.join(', ');
}

const virtualServerTable = rootKeywords.entries.virtualServers.table;

/** The real servers of one service: one finding a kind of difference, however many servers differ. */
function checkRealServers(id: string, holders: readonly Holder[], places: Places): Finding[] {
  const all = [...new Set(holders.flatMap(({ server }) => server.realServers.map((real) => real.id)))];
  const byId = new Map(
    holders.map((holder) => [holder, new Map(holder.server.realServers.map((real) => [real.id, real]))]),
  );
  const find = (holder: Holder, realId: string) => byId.get(holder)?.get(realId);
  const findings: Finding[] = [];
  const lacks = lacking(holders, ({ server }) => server.realServers.map((real) => real.id));
  if (lacks !== undefined) {
    findings.push({
      severity: 'warning',
      code: 'real-server-missing',
      message: `virtual_server ${id}: of the real servers ${lacks}: after a failover those get no connections`,
      places: holders.map((holder) => places.of(holder)),
    });
  }
  const common = all.filter((realId) => holders.every((holder) => find(holder, realId) !== undefined));
  const compare = (
    severity: Severity,
    code: FindingCode,
    property: (real: RealServer) => string,
    consequence: string,
    keywords: readonly string[],
  ) => {
    const differing = common.flatMap((realId) => {
      const difference = apart(holders, (holder) => {
        const real = find(holder, realId);
        return real === undefined ? '' : property(real);
      });
      return difference === undefined ? [] : [{ realId, difference }];
    });
    const [first, ...others] = differing;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : `, and ${others.length} more differ`;
    findings.push({
      severity,
      code,
      message: `virtual_server ${id}: for ${first.realId} ${first.difference}${more}: ${consequence}`,
      places: holders.map((holder) => places.ofRealServer(holder, first.realId, ...keywords)),
    });
  };
  compare('warning', 'weight', ({ settings }) => `weight ${settings.weight}`, 'a failover changes who gets how much', [
    'weight',
  ]);
  compare(
    'error',
    'forwarding-method',
    ({ settings: { forwardingMethod } }) =>
      METHOD_WORDS[forwardingMethod as keyof typeof METHOD_WORDS] ?? forwardingMethod,
    'a server is set up for one of them, so after a failover its connections hang',
    ['lvs_method', 'lb_kind'],
  );
  compare(
    'warning',
    'limits',
    ({ settings }) =>
      `uthreshold ${settings.upperThreshold}, lthreshold ${settings.lowerThreshold}${settings.inhibitOnFailure ? ', inhibit_on_failure' : ''}`,
    'a failover changes how many connections it gets',
    ['uthreshold', 'lthreshold', 'inhibit_on_failure'],
  );
  compare('warning', 'checks', checksOf, 'the directors disagree about which servers are healthy', []);
  return findings;
}

/** What is asked, not how often. */
const checksOf = (server: RealServer): string =>
  server.settings.checkers.length === 0
    ? 'no check'
    : checkersOf(server)
        .map((one) => ('connectPort' in one ? `${one.kind} of ${one.connectAddress}:${one.connectPort}` : one.kind))
        .join(', ');

/** Where services stand. Found by what stands before the brace, in the order of the file. */
class Places {
  readonly #byNode = new Map<ClusterNode, Map<string, Statement>>();
  readonly #readings = new Map<ClusterNode, Map<string, VirtualServerReading>>();

  constructor(nodes: readonly ClusterNode[]) {
    for (const node of nodes) {
      const byHeader = new Map<string, Statement>();
      for (const statement of node.statements) {
        if (statement.keyword.text !== 'virtual_server') continue;
        const header = headerOf(statement);
        if (!byHeader.has(header)) byHeader.set(header, statement);
        // The same address and port may be there once for each protocol.
        const protocol =
          statement.block?.findLast(({ keyword }) => keyword.text === 'protocol')?.args[0]?.text ?? 'UDP';
        byHeader.set(`${header}/${protocol.toUpperCase()}`, statement);
      }
      this.#byNode.set(node, byHeader);
    }
  }

  of(holder: Holder, ...keywords: readonly string[]): FindingPlace {
    const statement = this.#statement(holder);
    if (statement === undefined) return { file: holder.node.file, line: 1 };
    const own = statement.block?.filter(({ keyword }) => keyword.text !== 'real_server') ?? [];
    return placeOf(statementWith(statement, { block: own }), ...keywords);
  }

  ofRealServer(holder: Holder, realId: string, ...keywords: readonly string[]): FindingPlace {
    const servers = this.#statement(holder)?.block?.filter(({ keyword }) => keyword.text === 'real_server') ?? [];
    // The port may have become that of the service.
    const found =
      servers.find((inner) => addressOf(inner) === realId) ??
      servers.find((inner) => realId.startsWith(addressOf(inner).replace(/[^:]*$/, '')));
    if (found === undefined) return this.of(holder, ...keywords);
    const given = found.block?.some(({ keyword }) => keywords.includes(keyword.text)) ?? false;
    return given || keywords.length < 2 ? placeOf(found, ...keywords) : this.of(holder, ...keywords);
  }

  ofFirstServer(node: ClusterNode): FindingPlace {
    const first = node.statements.find(({ keyword }) => keyword.text === 'virtual_server')?.keyword;
    return { file: node.file, line: first?.line ?? 1 };
  }

  /** What was read of a service; undefined when its block cannot be found again. */
  reading(holder: Holder): VirtualServerReading | undefined {
    const { node } = holder;
    const known = this.#readings.get(node) ?? readingsOf(node);
    this.#readings.set(node, known);
    const statement = this.#statement(holder);
    return statement && known.get(blockKey(statement.keyword, statement.args.slice(0, 2)));
  }

  #statement({ node, server: { target, protocol } }: Holder): Statement | undefined {
    const header = headerText(target);
    const byHeader = this.#byNode.get(node);
    return byHeader?.get(`${header}/${protocol}`) ?? byHeader?.get(header);
  }
}

function headerText(target: Target): string {
  if (target.kind === 'group') return `group ${target.name}`;
  return target.kind === 'fwmark' ? `fwmark ${target.fwmark}` : `${target.address} ${target.port}`;
}

type VirtualServerReading = RootReading['values']['virtualServers'][number];

const readingsOf = ({ root }: ClusterNode): Map<string, VirtualServerReading> =>
  new Map(root.values.virtualServers.map((reading) => [blockKey(reading.keyword, reading.header), reading]));

const headerOf = ({ args }: Statement): string => {
  const [first, second] = args.map(({ text }) => text);
  return `${first} ${second === undefined || /^0+$/.test(second) ? 0 : second}`;
};

const addressOf = ({ args }: Statement): string => {
  const [address, port] = args.map(({ text }) => text);
  const shown = address?.includes(':') ? `[${address}]` : address;
  return `${shown}:${port ?? ''}`;
};
