/**
 * What the lines of a virtual_server say in their order: some keywords count only after others, the family is settled by the
 * first that tells it, and a server is compared with what is known where it stands. The results and the messages follow
 * keepalived.
 */
import { type Family, familyOf } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import type { Place, Report } from '../config/diagnostics.ts';
import type { Statement } from '../config/statement.ts';
import { unsigned } from '../config/values.ts';
import type { RealServerReading, VirtualServerReading } from './keywords.ts';
import { type Endpoint, endpointBefore, looseMask, readEndpoint, SCHEDULER_FLAGS } from './methods.ts';
import type { Forwarding, Granularity } from './virtual-server.ts';

/** A sorry_server with the lines that belong to it. */
export interface GivenSorryServer extends Endpoint {
  readonly at: Place;
  /** Absent: as the virtual server. */
  readonly forwarding?: Forwarding;
  readonly inhibit: boolean;
}

/** A real server that can be used, and where it is. */
export interface GivenRealServer extends Endpoint {
  readonly reading: RealServerReading;
}

/** What the lines come to. */
export interface OrderedLines {
  /** Undefined: nobody says, as far as this virtual server goes. */
  readonly family: Family | undefined;
  readonly realServers: readonly GivenRealServer[];
  /** Bits 0 to 2. */
  readonly schedulerFlags: number;
  readonly granularity?: Granularity;
  readonly sorryServer?: GivenSorryServer;
}

/** Reads the lines. @param family of the address before the brace */
export function readOrderedLines(
  reading: VirtualServerReading,
  family: Family | undefined,
  report: Report,
): OrderedLines {
  return new Walk(reading, family, report).run();
}

type Flag = keyof typeof SCHEDULER_FLAGS;

/** The keywords whose place among the others matters. */
const KEYS = [
  'scheduler',
  'method',
  'hashed',
  'flag1',
  'flag2',
  'flag3',
  'shPort',
  'shFallback',
  'mhPort',
  'mhFallback',
  'family',
  'persistenceGranularity',
  'sorryServer',
  'sorryServerInhibit',
  'sorryServerMethod',
] as const;
const ORDERED: ReadonlySet<(typeof KEYS)[number]> = new Set(KEYS);
type Ordered = Extract<VirtualServerReading['given'][number], { readonly key: (typeof KEYS)[number] }>;

class Walk {
  readonly #reading: VirtualServerReading;
  readonly #report: Report;
  readonly #realServers: GivenRealServer[] = [];
  #family: Family | undefined;
  #scheduler: string | undefined;
  #forwarding: Forwarding | undefined;
  #flags = 0;
  #granularity: Granularity | undefined;
  #sorryServer: GivenSorryServer | undefined;

  constructor(reading: VirtualServerReading, family: Family | undefined, report: Report) {
    this.#reading = reading;
    this.#family = family;
    this.#report = report;
  }

  run(): OrderedLines {
    const { owner, values } = this.#reading;
    const byStatement = new Map(this.#reading.givenOf(ORDERED).map((one) => [one.statement, one]));
    let next = 0;
    for (const statement of owner.block ?? []) {
      const one = byStatement.get(statement);
      const server = values.realServers[next];
      if (one !== undefined) this.#take(one);
      else if (server !== undefined && server.owner === statement) {
        this.#realServer(server);
        next++;
      }
    }
    this.#checkSorryServer();
    return {
      family: this.#family,
      realServers: this.#realServers,
      schedulerFlags: this.#flags,
      ...(this.#granularity === undefined ? {} : { granularity: this.#granularity }),
      ...(this.#sorryServer === undefined ? {} : { sorryServer: this.#sorryServer }),
    };
  }

  #take(one: Ordered): void {
    const { statement } = one;
    switch (one.key) {
      case 'scheduler':
        this.#scheduler = one.value;
        break;
      case 'method':
        this.#forwarding = one.value;
        break;
      case 'hashed':
        if (this.#scheduler !== 'sh' && this.#scheduler !== 'mh') this.#warn(statement, 'it is for the scheduler sh');
        break;
      case 'flag1':
      case 'flag2':
      case 'flag3':
        this.#flags |= SCHEDULER_FLAGS[one.key];
        break;
      case 'shPort':
      case 'shFallback':
      case 'mhPort':
      case 'mhFallback':
        this.#schedulerFlag(one.key, statement);
        break;
      case 'family':
        if (this.#family === undefined) this.#family = one.value;
        else if (this.#family !== one.value) this.#warn(statement, `the family is ${this.#family} already`);
        break;
      case 'persistenceGranularity':
        this.#readGranularity(statement);
        break;
      case 'sorryServer':
        this.#sorryServer = {
          ...one.value,
          at: statement.args[0] ?? statement.keyword,
          inhibit: false,
          ...(this.#forwarding === undefined ? {} : { forwarding: this.#forwarding }),
        };
        break;
      case 'sorryServerInhibit':
        if (this.#sorryServer === undefined) this.#warn(statement, 'there is no sorry_server before it');
        else this.#sorryServer = { ...this.#sorryServer, inhibit: true };
        break;
      case 'sorryServerMethod':
        if (this.#sorryServer === undefined) this.#warn(statement, 'there is no sorry_server before it');
        else this.#sorryServer = { ...this.#sorryServer, forwarding: one.value };
        break;
      default:
        assertNever(one);
    }
  }

  #warn({ keyword }: Statement, reason: string, isSilent = false): void {
    const details = { keyword: keyword.text, ...(isSilent ? { exitCode: 0 as const } : {}) };
    this.#report.warning(keyword, `${keyword.text}: ${reason}; the line is ignored`, details);
  }

  /** keepalived says nothing about a flag of sh after mh, and the other way round. */
  #schedulerFlag(key: Flag, statement: Statement): void {
    const wanted = key.startsWith('sh') ? 'sh' : 'mh';
    if (this.#scheduler === wanted) this.#flags |= SCHEDULER_FLAGS[key];
    else {
      const isOther = this.#scheduler === 'sh' || this.#scheduler === 'mh';
      this.#warn(statement, `it counts after lb_algo ${wanted} only`, isOther);
    }
  }

  #readGranularity(statement: Statement): void {
    const [word] = statement.args;
    if (word === undefined) return;
    this.#family ??= word.text.includes('.') ? 'inet' : 'inet6';
    if (this.#family === 'inet6') {
      const prefixLength = unsigned(1, 128).read([word], {
        refuse: () => {
          this.#warn(statement, `expected the length of an IPv6 prefix from 1 to 128, got '${word.text}'`);
          return undefined;
        },
        correct: () => undefined,
      });
      if (prefixLength !== undefined) this.#granularity = { family: 'inet6', prefixLength };
      return;
    }
    const mask = looseMask(word.text);
    if (mask === undefined) {
      this.#warn(statement, `expected an IPv4 netmask, got '${word.text}'`);
      return;
    }
    this.#granularity = { family: 'inet', mask };
    if (mask === word.text) return;
    this.#report.warning(word, `persistence_granularity: '${word.text}' is the mask ${mask}, not a number of bits`, {
      keyword: statement.keyword.text,
      exitCode: 0,
    });
  }

  #realServer(reading: RealServerReading): void {
    const { values } = reading;
    // what is wrong with the header is said; there is no reading of such a block
    const endpoint = endpointBefore(reading) ?? readEndpoint(reading.header, SILENCE);
    if (endpoint === undefined) return;
    const method = (values.method ?? this.#forwarding)?.forwardingMethod;
    if (!this.#fits(endpoint, method)) {
      const [at = reading.keyword] = reading.header;
      this.#report.error(
        at,
        `${endpoint.address} is not of the family of its virtual_server; the real_server is left out`,
        { suggestion: 'tunnels may have the other family: lvs_method TUN' },
      );
      return;
    }
    this.#realServers.push({ reading, address: endpoint.address, port: endpoint.port });
  }

  /** Only tunnels go to the other family; whoever has none settles it where it is open. */
  #fits({ address }: Endpoint, method: string | undefined): boolean {
    if (method === 'tunnel') return true;
    this.#family ??= familyOf(address);
    return this.#family === familyOf(address);
  }

  #checkSorryServer(): void {
    const sorry = this.#sorryServer;
    if (sorry === undefined || this.#realServers.length === 0) return;
    if (this.#fits(sorry, (sorry.forwarding ?? this.#forwarding)?.forwardingMethod)) return;
    this.#report.error(
      sorry.at,
      `${sorry.address} is not of the family of its virtual_server; there is no sorry_server`,
    );
    this.#sorryServer = undefined;
  }
}

/** For words that have been complained about. */
const SILENCE = { refuse: () => undefined, correct: () => undefined };
