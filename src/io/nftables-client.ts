/**
 * Our tables in the kernel's packet filter, over nfnetlink: always as they are wanted, or as they were before.
 *
 * A change is one transaction, and only what differs is changed. Where the kernel can (Linux 5.12), the tables belong to
 * our socket: nobody else changes them, `nft flush ruleset` passes them by, and they go when this process does, however
 * it ends. Elsewhere what others do to them is heard of and mended. Tables that must outlive the process belong to no
 * socket; they carry a comment by which the next process knows them.
 */

import { toHex } from '../base/bytes.ts';
import { encodeNfMark, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES } from '../wire/nfnetlink.ts';
import {
  decodeTable,
  decodeTableName,
  encodeTable,
  NFNLGRP_NFTABLES,
  NFT_MSG_GETTABLE,
  type TableMessage,
} from '../wire/nftables.ts';
import {
  commentData,
  creationOf,
  differenceOf,
  removalOf,
  type TableChange,
  type TableDescription,
} from '../wire/nftables-table.ts';
import { NETLINK_NETFILTER } from './constants.ts';
import { NetlinkError } from './netlink-error.ts';
import { type NetlinkEvent, NetlinkSocket, type NetlinkSocketOptions } from './netlink-socket.ts';

export type TableName = Pick<TableDescription, 'family' | 'name'>;

/** Where the sockets come from, and whether the tables are to belong to ours; for tests. */
export interface NftablesClientOptions extends Pick<NetlinkSocketOptions, 'createSocket' | 'aside'> {
  readonly owned?: boolean;
  /** Our tables have this comment, and one of the same name without it is left alone. Linux 5.10. */
  readonly comment?: string;
}

/** How often a change is begun before its failure is told. */
const ATTEMPTS = 3;
const BODY = encodeNfMark(NFNL_SUBSYS_NFTABLES);
const MARKS = { begin: { type: NFNL_MSG_BATCH_BEGIN, body: BODY }, end: { type: NFNL_MSG_BATCH_END, body: BODY } };

/** See the file's head. While open it keeps the process alive. */
export class NftablesClient {
  readonly #options: NftablesClientOptions;
  readonly #socket: NetlinkSocket;
  /** Hears what others do to our tables; only where they can. */
  #events: NetlinkSocket | undefined;
  #owned: boolean;
  #mending = false;
  #isLeft = false;
  /** What is wanted, and what the kernel has of it. */
  #wanted: readonly TableDescription[] = [];
  #present = new Map<string, TableDescription>();
  /** One change after the other. */
  #last: Promise<void> = Promise.resolve();
  #onMended: (outcome: NetlinkError | undefined) => void = () => {};

  /** Throws SystemError. */
  static open(options: NftablesClientOptions = {}): NftablesClient {
    return new NftablesClient(options, NetlinkSocket.open({ ...options, protocol: NETLINK_NETFILTER }));
  }

  private constructor(options: NftablesClientOptions, socket: NetlinkSocket) {
    this.#options = options;
    this.#socket = socket;
    this.#owned = options.owned ?? true;
  }

  /**
   * Makes the kernel have these tables of ours and no others. A table of that name that is there already is removed
   * first, unless it lacks the comment that ours have: EEXIST. Rejects with NetlinkError and leaves everything as it was: EPERM without CAP_NET_ADMIN, or when the table
   * belongs to somebody else; ENOENT when the kernel does not know a kind of expression.
   */
  apply(tables: readonly TableDescription[]): Promise<void> {
    this.#wanted = tables;
    const change = this.#last.then(() => this.#apply(tables));
    this.#last = change.catch(() => {});
    return change;
  }

  /** Whether there is a table of that name, with our comment if we have one. */
  async has(table: TableName): Promise<boolean> {
    const { comment } = this.#options;
    const found = await this.#find(table);
    if (found === undefined || comment === undefined) return found !== undefined;
    return found.userData !== undefined && toHex(found.userData) === toHex(commentData(comment));
  }

  /** Takes up what another process of ours has left: the next change removes it or puts another one in its place at once. */
  adopt(tables: readonly TableName[]): Promise<void> {
    const change = this.#last.then(() => this.#adopt(tables)).then(() => undefined);
    this.#last = change.catch(() => {});
    return change;
  }

  /** Another process of ours is about to change the tables: nothing is mended from now on. */
  leave(): void {
    this.#isLeft = true;
    this.#events?.close();
    this.#events = undefined;
  }

  /** The tables that are there because of us. */
  get present(): readonly TableName[] {
    return [...this.#present.values()].map(({ family, name }) => ({ family, name }));
  }

  /** Removes a table that an earlier life left. Rejects with NetlinkError: EPERM when it belongs to somebody else. */
  async remove(table: TableName): Promise<void> {
    await this.#remove([table]);
  }

  /** Called when others changed our tables, after they have been put right; with the error when that failed. */
  onMended(callback: (outcome: NetlinkError | undefined) => void): void {
    this.#onMended = callback;
  }

  /** The kernel removes tables that belong to us; others stay. Idempotent. */
  close(): void {
    this.#events?.close();
    this.#socket.close();
  }

  async #apply(tables: readonly TableDescription[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const changes = this.#changesTo(tables);
      if (changes.length === 0) return;
      try {
        await this.#socket.transaction(`packet filter tables ${namesOf(tables)}`, MARKS, changes);
        this.#present = new Map(tables.map((table) => [keyOf(table), table]));
        if (!this.#owned && tables.length > 0) this.#watch();
        return;
      } catch (error) {
        if (!(error instanceof NetlinkError) || attempt === ATTEMPTS || !(await this.#prepareAgain(error, tables)))
          throw error;
      }
    }
  }

  /** Whether what stood in the way of a change is out of it now. */
  async #prepareAgain(error: NetlinkError, tables: readonly TableDescription[]): Promise<boolean> {
    if (this.#owned && this.#present.size === 0 && (error.code === 'EOPNOTSUPP' || error.code === 'ENOTSUP')) {
      this.#owned = false;
      return true;
    }
    // left behind by somebody
    if (error.code === 'EEXIST') {
      const others = tables.filter((table) => !this.#present.has(keyOf(table)));
      return this.#options.comment === undefined ? this.#remove(others) : this.#adopt(others);
    }
    // taken away by somebody
    if (error.code === 'ENOENT' && !this.#owned && this.#present.size > 0) return this.#removeRest();
    return false;
  }

  /** What others have left of our tables goes, so that they can be made anew. */
  #removeRest(): Promise<true> {
    const tables = [...this.#present.values()];
    this.#present = new Map();
    return this.#remove(tables);
  }

  /** Those that are there are ours: one that is wanted differs from them, whatever is in them. True: there was one. */
  async #adopt(tables: readonly TableName[]): Promise<boolean> {
    let isAny = false;
    for (const { family, name } of tables) {
      if (!(await this.has({ family, name }))) continue;
      this.#present.set(keyOf({ family, name }), { family, name, sets: [], chains: [] });
      isAny = true;
    }
    return isAny;
  }

  async #find({ family, name }: TableName): Promise<TableMessage | undefined> {
    try {
      const body = encodeTable({ family, table: name });
      const purpose = `looking for the table ${name}`;
      const [answer] = await this.#socket.request({ type: NFT_MSG_GETTABLE, body, purpose });
      const found = answer && decodeTable(answer.body);
      return found?.ok ? found.value : { family, table: name };
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes those that are there. */
  async #remove(tables: readonly TableName[]): Promise<true> {
    for (const table of tables) {
      try {
        if (this.#options.comment !== undefined && !(await this.has(table))) continue;
        await this.#socket.transaction(`removing the table ${table.name}`, MARKS, [removalOf(table)]);
      } catch (error) {
        if (!(error instanceof NetlinkError) || error.code !== 'ENOENT') throw error;
      }
    }
    return true;
  }

  #changesTo(tables: readonly TableDescription[]): readonly TableChange[] {
    const wanted = new Set(tables.map(keyOf));
    const surplus = [...this.#present.values()].filter((table) => !wanted.has(keyOf(table)));
    return [
      ...surplus.map(removalOf),
      ...tables.flatMap((table) => {
        const before = this.#present.get(keyOf(table));
        if (before === undefined) return creationOf(table, this.#owned, this.#options.comment);
        const remade = () => [removalOf(before), ...creationOf(table, this.#owned, this.#options.comment)];
        return differenceOf(before, table) ?? remade();
      }),
    ];
  }

  #watch(): void {
    if (this.#events !== undefined || this.#isLeft) return;
    const options = { ...this.#options, protocol: NETLINK_NETFILTER, groups: [NFNLGRP_NFTABLES] };
    this.#events = NetlinkSocket.open(options);
    this.#events.onEvent((event) => {
      if (this.#present.size > 0 && this.#isAboutUs(event)) this.#mend();
    });
  }

  /** Somebody else touched a table of ours, or may have. */
  #isAboutUs(event: NetlinkEvent): boolean {
    if (event.type === 'overrun') return true;
    const { portId, body } = event.message;
    if (portId === this.#socket.portId) return false;
    const about = decodeTableName(body);
    return about.ok && this.#present.has(keyOf({ family: about.value.family, name: about.value.table }));
  }

  /** One removal of a table is many events. */
  #mend(): void {
    if (this.#mending) return;
    this.#mending = true;
    const change = this.#last.then(async () => {
      this.#mending = false;
      if (this.#isLeft) return;
      await this.#removeRest();
      await this.#apply(this.#wanted);
    });
    this.#last = change.then(
      () => this.#onMended(undefined),
      (error: unknown) => {
        if (!(error instanceof NetlinkError)) throw error;
        this.#onMended(error);
      },
    );
  }
}

const keyOf = ({ family, name }: Pick<TableDescription, 'family' | 'name'>): string => `${family} ${name}`;

const namesOf = (tables: readonly TableDescription[]): string => tables.map(keyOf).join(', ') || '(none)';
