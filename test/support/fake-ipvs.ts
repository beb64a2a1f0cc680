/** The IPVS part of the fake kernel, and the family that knows the number of IPVS. */

import { isDeepStrictEqual } from 'node:util';
import { seconds } from '../../src/base/time.ts';
import { decodeFamilyRequest, decodeGeneric, encodeFamily, GENL_ID_CTRL } from '../../src/wire/generic-netlink.ts';
import {
  type Destination,
  decodeCommand,
  decodeIpvs,
  IPVS_CMD,
  IPVS_FAMILY,
  type IpvsCommand,
  type Service,
  type ServiceKey,
} from '../../src/wire/ipvs.ts';
import { decodeService } from '../../src/wire/ipvs-attributes.ts';
import {
  type DaemonCommand,
  decodeDaemonCommand,
  decodeTimeouts,
  encodeInfo,
  encodeTimeouts,
  type IpvsTimeouts,
} from '../../src/wire/ipvs-control.ts';
import { encodeDestinationEntry, encodeServiceEntry, NO_STATISTICS } from '../../src/wire/ipvs-entries.ts';
import type { NetlinkMessage } from '../../src/wire/netlink.ts';
import type { FakeAnswer } from './fake-kernel.ts';

/** A service of the table. */
export interface FakeService {
  service: Service;
  /** The last one added is the first, as in Linux. */
  destinations: Destination[];
}

const DONE: FakeAnswer = { done: true };

export class FakeIpvs {
  /** The message type of the family; undefined: the module is not loaded. Another number: it was loaded anew. */
  familyId: number | undefined = 32;
  readonly table: FakeService[] = [];
  /** Bodies of further entries, e.g. of a service of another protocol, which Linux takes without a word. */
  readonly foreignServices: Uint8Array[] = [];
  readonly schedulers = new Set(['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh', 'mh', 'sed', 'nq', 'lblc', 'lblcr']);
  /** Every command that was carried out. */
  readonly log: IpvsCommand['command'][] = [];
  /** The running sync daemons. */
  readonly daemons: DaemonCommand[] = [];
  timeouts: IpvsTimeouts = { tcp: seconds(900), tcpFin: seconds(120), udp: seconds(300) };

  handle({ type, body }: NetlinkMessage): FakeAnswer {
    if (type === GENL_ID_CTRL) return this.#findFamily(body);
    if (type !== this.familyId) return { error: 'ENOENT' };
    const message = decodeGeneric(body);
    if (!message.ok) return { error: 'EINVAL' };
    switch (message.value.command) {
      case IPVS_CMD['get-info']:
        return this.#answer(encodeInfo({ version: '1.2.1', connectionTableSize: 4096 }));
      case IPVS_CMD['get-service']:
        return this.#parts([
          ...this.foreignServices,
          ...this.table.map(({ service }) => encodeServiceEntry({ service, statistics: NO_STATISTICS })),
        ]);
      case IPVS_CMD['get-destination']:
        return this.#destinations(body);
      case IPVS_CMD['get-config']:
        return this.#answer(encodeTimeouts(this.timeouts));
      case IPVS_CMD['set-config']:
        return this.#setTimeouts(body);
      case IPVS_CMD['new-daemon']:
      case IPVS_CMD['delete-daemon']:
        return this.#daemon(body);
      case IPVS_CMD.flush:
        this.table.length = 0;
        return DONE;
      default: {
        if (message.value.command > IPVS_CMD['delete-destination']) return { error: 'EOPNOTSUPP' };
        const command = decodeCommand(body);
        return command.ok ? this.#carryOut(command.value) : { error: 'EINVAL' };
      }
    }
  }

  #findFamily(body: Uint8Array): FakeAnswer {
    const request = decodeFamilyRequest(body);
    if (!request.ok) return { error: 'EINVAL' };
    if (request.value.name !== IPVS_FAMILY || this.familyId === undefined) return { error: 'ENOENT' };
    const family = { name: IPVS_FAMILY, id: this.familyId, version: 1, headerSize: 0, attributeMax: 6 };
    return { parts: [{ type: GENL_ID_CTRL, body: encodeFamily(family) }] };
  }

  #carryOut(command: IpvsCommand): FakeAnswer {
    this.log.push(command.command);
    const entry = this.#find(command.service.key);
    if (command.command === 'new-service') return entry ? { error: 'EEXIST' } : this.#newService(command.service);
    if (entry === undefined) return { error: 'ESRCH' };
    if ('destination' in command) return changeDestination(entry, command);
    if (command.command === 'delete-service') {
      this.table.splice(this.table.indexOf(entry), 1);
      return DONE;
    }
    if (!this.schedulers.has(command.service.scheduler)) return { error: 'ENOENT' };
    entry.service = command.service;
    return DONE;
  }

  #newService(service: Service): FakeAnswer {
    if (!this.schedulers.has(service.scheduler)) return { error: 'ENOENT' };
    if (service.key.family === 'inet6' && service.persistenceGranularity < 1) return { error: 'EINVAL' };
    this.table.push({ service, destinations: [] });
    return DONE;
  }

  /** Linux answers with an empty dump when there is no such service. */
  #destinations(body: Uint8Array): FakeAnswer {
    const message = decodeIpvs(body);
    const service = message.ok ? decodeService(message.value.service) : message;
    if (!service.ok) return { error: 'EINVAL' };
    const idle = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0, statistics: NO_STATISTICS };
    const destinations = this.#find(service.value.key)?.destinations ?? [];
    return this.#parts(destinations.map((destination) => encodeDestinationEntry({ destination, ...idle })));
  }

  #setTimeouts(body: Uint8Array): FakeAnswer {
    const wanted = decodeTimeouts(body);
    if (!wanted.ok) return { error: 'EINVAL' };
    const { tcp, tcpFin, udp } = wanted.value;
    const { timeouts } = this;
    this.timeouts = { tcp: tcp || timeouts.tcp, tcpFin: tcpFin || timeouts.tcpFin, udp: udp || timeouts.udp };
    return DONE;
  }

  #daemon(body: Uint8Array): FakeAnswer {
    const outcome = decodeDaemonCommand(body);
    if (!outcome.ok) return { error: 'EINVAL' };
    const { command, state } = outcome.value;
    const running = this.daemons.findIndex((daemon) => daemon.state === state);
    if (command === 'new-daemon') {
      if (!outcome.value.interface) return { error: 'ENODEV' };
      if (running >= 0) return { error: 'EEXIST' };
      this.daemons.push(outcome.value);
    } else {
      if (running < 0) return { error: 'ESRCH' };
      this.daemons.splice(running, 1);
    }
    return DONE;
  }

  #find(key: ServiceKey): FakeService | undefined {
    return this.table.find(({ service }) => isDeepStrictEqual(service.key, key));
  }

  #answer(body: Uint8Array): FakeAnswer {
    return this.#parts([body]);
  }

  #parts(bodies: readonly Uint8Array[]): FakeAnswer {
    const type = this.familyId ?? 0;
    return { parts: bodies.map((body) => ({ type, body })) };
  }
}

function changeDestination(
  entry: FakeService,
  command: Extract<IpvsCommand, { destination: Destination }>,
): FakeAnswer {
  const { destination } = command;
  const at = entry.destinations.findIndex(
    (other) => other.address === destination.address && other.port === destination.port,
  );
  if (command.command === 'delete-destination') {
    if (at < 0) return { error: 'ENOENT' };
    entry.destinations.splice(at, 1);
    return DONE;
  }
  if (destination.lowerThreshold > destination.upperThreshold) return { error: 'ERANGE' };
  if (command.command === 'new-destination') {
    if (at >= 0) return { error: 'EEXIST' };
    entry.destinations.unshift(destination);
    return DONE;
  }
  if (at < 0) return { error: 'ENOENT' };
  entry.destinations[at] = destination;
  return DONE;
}
