/**
 * The kernel's IPVS table: reads it, and carries out commands. linux/ip_vs.h, ipvsadm(8).
 *
 * What the table should be, and which commands lead there, is decided in src/ipvs. Everything is per network
 * namespace: that in which the client was opened.
 */

import type { Family } from '../base/address.ts';
import type { ByteWriter } from '../base/bytes.ts';
import { equalData } from '../base/equal.ts';
import type { Result } from '../base/result.ts';
import { decodeFamily, encodeFamilyRequest, GENL_ID_CTRL } from '../wire/generic-netlink.ts';
import {
  type Destination,
  encodeDestinationsRequest,
  encodeServicesRequest,
  IPVS_FAMILY,
  type IpvsCommand,
  type IpvsFault,
  type Service,
  type ServiceKey,
  writeCommand,
} from '../wire/ipvs.ts';
import {
  type DaemonCommand,
  decodeInfo,
  decodeTimeouts,
  encodeDaemonCommand,
  encodeFlush,
  encodeInfoRequest,
  encodeTimeouts,
  encodeTimeoutsRequest,
  type IpvsInfo,
  type IpvsTimeouts,
} from '../wire/ipvs-control.ts';
import {
  type DestinationEntry,
  decodeDestinationAlone,
  decodeDestinationEntry,
  decodeServiceAlone,
  decodeServiceEntry,
  type ServiceEntry,
} from '../wire/ipvs-entries.ts';
import { Uncounted } from '../wire/ipvs-uncounted.ts';
import type { NetlinkMessage } from '../wire/netlink.ts';
import { NETLINK_GENERIC } from './constants.ts';
import type { BatchedRequest } from './netlink-batches.ts';
import { NetlinkError } from './netlink-error.ts';
import { NetlinkSocket, type NetlinkSocketOptions } from './netlink-socket.ts';

/** The kernel has no IPVS: it loads the module itself when it is asked for the family, if it has one. */
export class IpvsUnavailable extends Error {
  override readonly name = 'IpvsUnavailable';

  constructor(options?: ErrorOptions) {
    super(
      `this kernel has no IPVS: generic netlink family "${IPVS_FAMILY}" not found; load it with: modprobe ip_vs`,
      options,
    );
  }
}

/** A service with its destinations, as `plan` compares them. */
export interface IpvsTableEntry {
  readonly service: Service;
  readonly destinations: readonly Destination[];
}

/** A service with its destinations and everything that the kernel counts. */
export interface ObservedService extends ServiceEntry {
  readonly destinations: readonly DestinationEntry[];
}

/** Where the socket comes from; for tests. */
export type IpvsClientOptions = Pick<NetlinkSocketOptions, 'createSocket'>;

/** How often the table is read anew because services came or went meanwhile. */
const READ_ATTEMPTS = 5;

/** See the file's head. While open it keeps the process alive. */
export class IpvsClient {
  readonly #socket: NetlinkSocket;
  /** The message type; another one after the module was loaded anew. */
  #familyId: number;
  /** The services as they were last, in the kernel's order: the bytes that say what they are, and what they say. */
  readonly #known: { readonly bytes: Uncounted; readonly service: Result<Service> }[] = [];
  /** Entries as they were last, and the bytes that say what their destinations are. */
  readonly #entries = new WeakMap<Service, { readonly bytes: Uncounted; readonly entry: IpvsTableEntry }>();
  #info: IpvsInfo = { version: '0.0.0', connectionTableSize: 0 };

  /** Rejects with IpvsUnavailable, or with SystemError: EPERM without CAP_NET_ADMIN. */
  static async open(options: IpvsClientOptions = {}): Promise<IpvsClient> {
    const socket = NetlinkSocket.open({ ...options, protocol: NETLINK_GENERIC });
    try {
      const client = new IpvsClient(socket, await findFamily(socket));
      client.#info = await client.#ask(encodeInfoRequest(), decodeInfo, 'asking for the version of IPVS');
      return client;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  private constructor(socket: NetlinkSocket, familyId: number) {
    this.#socket = socket;
    this.#familyId = familyId;
  }

  /** Version of IPVS, e.g. `1.2.1`, and the size of its connection table. */
  get info(): IpvsInfo {
    return this.#info;
  }

  /**
   * The whole table: services in the kernel's order, of each its destinations in the kernel's order (the last one added
   * is the first). What our types cannot express, such as a service of another protocol, is not ours and is left out.
   * Rejects with NetlinkError or IpvsUnavailable.
   * @param replaced takes each entry as it is read and gives what stands for it, so that a large table that is known already need
   * not be in memory twice
   */
  table(replaced = (entry: IpvsTableEntry): IpvsTableEntry => entry): Promise<IpvsTableEntry[]> {
    return this.#readAll(
      (body, place) => this.#recognise(body, place),
      async (service) => {
        const purpose = purposeOfReading(service.key);
        const parts = await this.#dump(encodeDestinationsRequest(service), purpose);
        const bodies = parts.map(({ body }) => body);
        const known = this.#entries.get(service);
        if (known?.bytes.isIn(bodies)) return replaced(known.entry);
        const decode = (body: Uint8Array) => decodeDestinationAlone(body, service.key.family);
        const entry = replaced({ service, destinations: decodeAll(parts, decode, purpose) });
        this.#entries.set(service, { bytes: Uncounted.destinations(bodies), entry });
        return entry;
      },
    );
  }

  /** The services alone, in one answer; one that is as it was when this was asked last is the same object. Rejects as `table` does. */
  async services(): Promise<Service[]> {
    return this.#readServices((body, place) => this.#recognise(body, place));
  }

  /** The table with connections and counters. */
  observe(): Promise<ObservedService[]> {
    return this.#readAll(decodeServiceEntry, async (entry) => {
      const { key } = entry.service;
      const purpose = purposeOfReading(key);
      const parts = await this.#dump(encodeDestinationsRequest(entry.service), purpose);
      const decode = (body: Uint8Array) => decodeDestinationEntry(body, key.family);
      return { ...entry, destinations: decodeAll(parts, decode, purpose) };
    });
  }

  /**
   * Carries out commands in order; the next one also when the one before was refused. One outcome for each, at the same
   * place: undefined when it succeeded. EEXIST: there already; ESRCH: no such service; ENOENT: no such destination, or
   * no such scheduler. Rejects with IpvsUnavailable when the module was unloaded.
   */
  async execute(commands: readonly IpvsCommand[]): Promise<(NetlinkError | undefined)[]> {
    const outcomes = await this.#batch(commands);
    const isRefused = (outcome: NetlinkError | undefined) => outcome?.code === 'ENOENT';
    if (!outcomes.some(isRefused) || !(await this.#familyMoved())) return outcomes;
    const refused = [...outcomes.keys()].filter((i) => isRefused(outcomes[i]));
    const again = await this.#batch(commands.filter((_, i) => refused.includes(i)));
    for (const [i, place] of refused.entries()) outcomes[place] = again[i];
    return outcomes;
  }

  /** Removes every service, of whomever it is. Rejects with NetlinkError. */
  async flush(): Promise<void> {
    await this.#request(encodeFlush(), 'removing every IPVS service');
  }

  /** The connection timeouts of the namespace. Rejects with NetlinkError. */
  timeouts(): Promise<IpvsTimeouts> {
    return this.#ask(encodeTimeoutsRequest(), decodeTimeouts, 'reading the IPVS timeouts');
  }

  /** Changes the connection timeouts; one of 0 stays. Rejects with NetlinkError: EINVAL when one is too long. */
  async setTimeouts(timeouts: IpvsTimeouts): Promise<void> {
    await this.#request(encodeTimeouts(timeouts), 'setting the IPVS timeouts');
  }

  /** Starts or stops connection synchronisation. Rejects with NetlinkError: EEXIST, ESRCH, ENODEV. */
  async syncDaemon(command: DaemonCommand): Promise<void> {
    await this.#request(encodeDaemonCommand(command), `${command.command} ${command.state}`);
  }

  /** Rejects what waits for an answer with ECANCELED. Idempotent. */
  close(): void {
    this.#socket.close();
  }

  /** Of a large table mostly nothing has changed: comparing bytes takes a tenth of the time that reading them does. */
  #recognise(body: Uint8Array, place: number): Result<Service> {
    const known = this.#known[place];
    if (known?.bytes.isIn([body])) return known.service;
    const service = decodeServiceAlone(body);
    this.#known[place] = { bytes: Uncounted.service(body), service };
    return service;
  }

  #batch(commands: readonly IpvsCommand[]): Promise<(NetlinkError | undefined)[]> {
    return this.#socket.batch(commands.map((command) => new CommandRequest(this.#familyId, command)));
  }

  async #readServices<Read>(decode: Decode<Read>): Promise<Read[]> {
    const purpose = 'reading the IPVS services';
    const parts = await this.#dump(encodeServicesRequest(), purpose);
    if (this.#known.length > parts.length) this.#known.length = parts.length;
    return decodeAll(parts, decode, purpose);
  }

  /** @param complete makes the entry of a service */
  async #readAll<Read extends Service | ServiceEntry, Entry>(
    decode: Decode<Read>,
    complete: (service: Read) => Promise<Entry>,
  ): Promise<Entry[]> {
    let services = await this.#readServices(decode);
    for (let attempt = 1; ; attempt++) {
      const entries: Entry[] = [];
      for (const service of services) entries.push(await complete(service));
      // a service that went meanwhile looks like one without destinations
      const before = services;
      services = await this.#readServices(decode);
      if (attempt === READ_ATTEMPTS || haveSameKeys(before, services)) return entries;
    }
  }

  #dump(body: Uint8Array, purpose: string): Promise<readonly NetlinkMessage[]> {
    return this.#withFamily(() => this.#socket.dump({ type: this.#familyId, body, purpose }));
  }

  #request(body: Uint8Array, purpose: string): Promise<readonly NetlinkMessage[]> {
    return this.#withFamily(() => this.#socket.request({ type: this.#familyId, body, purpose }));
  }

  async #ask<Value>(body: Uint8Array, decode: (body: Uint8Array) => Result<Value>, purpose: string): Promise<Value> {
    const [answer] = decodeAll(await this.#request(body, purpose), decode, purpose);
    if (answer === undefined) throw NetlinkError.withCode(purpose, 'EBADMSG', 'an empty answer');
    return answer;
  }

  /** Does it once more when the family has got another number. */
  async #withFamily<Value>(attempt: () => Promise<Value>): Promise<Value> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NetlinkError) || error.code !== 'ENOENT' || !(await this.#familyMoved())) throw error;
      return attempt();
    }
  }

  /** ENOENT has several meanings; whether it is this one is only known by asking. */
  async #familyMoved(): Promise<boolean> {
    const before = this.#familyId;
    this.#familyId = await findFamily(this.#socket);
    return this.#familyId !== before;
  }
}

const haveSameKeys = (a: readonly (Service | ServiceEntry)[], b: readonly (Service | ServiceEntry)[]): boolean => {
  const keysOf = (list: typeof a) => list.map((one) => ('service' in one ? one.service : one).key);
  return equalData(keysOf(a), keysOf(b));
};

async function findFamily(socket: NetlinkSocket): Promise<number> {
  const purpose = `looking for the generic netlink family "${IPVS_FAMILY}"`;
  const body = encodeFamilyRequest(IPVS_FAMILY);
  try {
    const [family] = decodeAll(await socket.request({ type: GENL_ID_CTRL, body, purpose }), decodeFamily, purpose);
    if (family?.id !== undefined) return family.id;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') throw new IpvsUnavailable({ cause: error });
    throw error;
  }
  throw NetlinkError.withCode(purpose, 'EBADMSG', 'an answer without the number of the family');
}

const INEXPRESSIBLE: ReadonlySet<string> = new Set<IpvsFault>([
  'family',
  'protocol',
  'forwarding-method',
  'tunnel-type',
]);

/** Reads one part of an answer. @param place the how manieth it is, from 0 */
type Decode<Value> = (body: Uint8Array, place: number) => Result<Value>;

const purposeOfReading = (key: ServiceKey): string => `reading the destinations of ${describe(key)}`;

/** What our types cannot express is left out; what cannot be read at all is an error. */
function decodeAll<Value>(parts: readonly NetlinkMessage[], decode: Decode<Value>, purpose: string): Value[] {
  const values: Value[] = [];
  for (let i = 0; i < parts.length; i++) {
    const outcome = decode((parts[i] as NetlinkMessage).body, i);
    if (outcome.ok) values.push(outcome.value);
    else if (!INEXPRESSIBLE.has(outcome.reason)) {
      throw NetlinkError.withCode(purpose, 'EBADMSG', `an answer that cannot be read: ${outcome.reason}`);
    }
  }
  return values;
}

/** What a command is for is only said when it fails: a large table has ten thousand of them. */
class CommandRequest implements BatchedRequest {
  readonly type: number;
  readonly #command: IpvsCommand;

  constructor(familyId: number, command: IpvsCommand) {
    this.type = familyId;
    this.#command = command;
  }

  writeBody(writer: ByteWriter): void {
    writeCommand(writer, this.#command);
  }

  get purpose(): string {
    return purposeOf(this.#command);
  }
}

function purposeOf(command: IpvsCommand): string {
  const service = describe(command.service.key);
  if (!('destination' in command)) return `${command.command} ${service}`;
  const { family, address, port } = command.destination;
  return `${command.command} ${endpoint(family, address, port)} of ${service}`;
}

const describe = (key: ServiceKey): string =>
  key.kind === 'fwmark' ? `fwmark ${key.fwmark}` : `${key.protocol} ${endpoint(key.family, key.address, key.port)}`;

const endpoint = (family: Family, address: string, port: number): string =>
  family === 'inet' ? `${address}:${port}` : `[${address}]:${port}`;
