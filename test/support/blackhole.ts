/**
 * A port on loopback that answers no SYN: somebody listens, accepts nothing, and the queue of the kernel is full.
 * The listener is a thread that stops its own event loop as soon as it listens.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** listen(2): Linux keeps one connection more than the backlog, and drops every SYN from then on. */
const QUEUE = 2;

/** Runs `use` with the port of a black hole on 127.0.0.1, and takes it away afterwards. */
export async function withBlackhole<T>(use: (port: number) => Promise<T>): Promise<T> {
  const listener = new Worker(LISTENER, { eval: true });
  const queued = [];
  try {
    const [port] = (await once(listener, 'message')) as [number];
    for (let i = 0; i < QUEUE; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {}); // reset when the listener goes
      queued.push(socket);
      await once(socket, 'connect');
    }
    return await use(port);
  } finally {
    for (const socket of queued) socket.destroy();
    await listener.terminate();
  }
}
