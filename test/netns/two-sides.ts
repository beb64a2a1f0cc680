/**
 * Two network namespaces of the test's own process, left and right, with two veth pairs between them: left1 and right1,
 * left2 and right2. A socket stays in the namespace in which it was opened.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type IpAddress, parseAddress } from '../../src/base/address.ts';
import { fromHex } from '../../src/base/bytes.ts';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { type NativeSocket, native } from '../../src/io/native.ts';

export const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';

export const ip = (text: string): IpAddress => parseAddress(text) as IpAddress;
export const LEFT = ip('192.0.2.1');
export const RIGHT = ip('192.0.2.2');
export const LEFT_MAC = fromHex('02 00 00 00 00 01');

let namespaces: { left: number; right: number };
/** Called after each test, in order. */
export const cleanUp: (() => void)[] = [];

export const run = (command: string, input = ''): string =>
  execFileSync('ip', command.split(' '), { encoding: 'utf8', input });

/** Runs `call` with this thread, and what it starts, in the right namespace; everything else happens in the left one. */
export function onTheRight<Value>(call: () => Value): Value {
  native().setNamespace(namespaces.right, CLONE_NEWNET);
  try {
    return call();
  } finally {
    native().setNamespace(namespaces.left, CLONE_NEWNET);
  }
}

export const indexOf = (name: string): number => native().interfaceIndex(name);

export function openNative(domain: number, type: number, protocol: number): NativeSocket {
  const socket = new (native().Socket)(domain, type, protocol);
  cleanUp.push(() => socket.close());
  return socket;
}

interface Receiver<Message> {
  receive(): Message | undefined;
  onReadable(callback: (() => void) | undefined): void;
}

/** What `receive` next returns or throws. */
export const nextOf = <Message>(receiver: Receiver<Message>): Promise<Message> =>
  new Promise((resolve, reject) => {
    receiver.onReadable(() => {
      try {
        const message = receiver.receive();
        if (message === undefined) return;
        resolve(message);
      } catch (error) {
        reject(error);
      }
      receiver.onReadable(undefined);
    });
  });

/** Makes the namespaces for a file's tests, and the pairs for each of them. */
export function twoSides(): void {
  beforeAll(() => {
    const fresh = (): number => {
      native().unshare(CLONE_NEWNET);
      return openSync('/proc/thread-self/ns/net', 'r');
    };
    namespaces = { right: fresh(), left: fresh() };
  });

  afterAll(() => {
    closeSync(namespaces.left);
    closeSync(namespaces.right);
  });

  beforeEach(() => {
    const right = `/proc/${process.pid}/fd/${namespaces.right}`;
    for (const n of [1, 2]) {
      run(`link add left${n} address 02:00:00:00:00:0${n} type veth peer name right${n}`);
      run(`link set right${n} netns ${right}`);
      run(`address add 192.0.2.1/24 dev left${n}`);
      run(`address add fe80::1/64 dev left${n} nodad`);
      run(`link set left${n} up`);
      onTheRight(() => {
        run(`address add 192.0.2.2/24 dev right${n}`);
        run(`address add fe80::2/64 dev right${n} nodad`);
        run(`link set right${n} up`);
      });
    }
  });

  afterEach(() => {
    for (const undo of cleanUp.splice(0)) undo();
    for (const n of [1, 2]) run(`link delete left${n}`);
  });
}
