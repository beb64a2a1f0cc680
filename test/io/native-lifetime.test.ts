import { describe, expect, it } from 'vitest';
import { ADDON, runScript } from './child.ts';

const TIMEOUT = 60_000;

/** A worker that has everything open: a quiet socket, a busy one, an armed timer, a closed pair. */
const BUSY_WORKER = `
  const native = require(${JSON.stringify(ADDON)});
  const { parentPort, workerData } = require('node:worker_threads');
  const open = () => {
    const socket = new native.Socket(2, 2, 0);
    socket.bind({ family: 'inet', address: Uint8Array.of(127, 0, 0, 1), port: 0 });
    return socket;
  };
  const quiet = open();
  quiet.onReadable(() => {});
  const busy = open();
  busy.onReadable(() => { busy.receive(); busy.send(Uint8Array.of(1), busy.name()); });
  busy.send(Uint8Array.of(1), busy.name());
  const timer = new native.Timer(() => timer.set(0));
  timer.set(0);
  new native.Timer(() => {}).set(native.monotonicNow() + 3_600_000_000);
  new native.Timer(() => {}).close();
  const stopped = open();
  stopped.onReadable(() => {});
  stopped.onReadable(undefined);
  const closed = open();
  closed.onReadable(() => {});
  closed.close();
  const hang = open();
  hang.onReadable(() => {
    parentPort.postMessage('ready');
    if (workerData.hang) for (;;);
    hang.onReadable(undefined);
  });
  hang.send(Uint8Array.of(1), hang.name());
`;

describe('a socket and a timer', () => {
  it('keep the process alive while they wait, and let it end afterwards', async () => {
    const ending = await runScript(`
      const socket = new native.Socket(2, 2, 0);
      socket.bind(loopback(0));
      const timer = new native.Timer(() => {
        console.log('timer');
        timer.close();
        socket.send(Buffer.from('x'), socket.name());
      });
      timer.set(native.monotonicNow() + 20_000);
      socket.onReadable(() => {
        console.log('socket');
        socket.onReadable(undefined);
      });
    `);
    expect(ending).toEqual({ status: 0, stdout: 'timer\nsocket\n', stderr: '' });
  });

  it('are not collected while they wait, although nobody else knows them, not even the callback', async () => {
    const ending = await runScript(
      `
      const count = 50;
      let received = 0;
      let expired = 0;
      function onReadable() { this.receive(); received++; this.close(); }
      function onExpired() { expired++; this.close(); }
      const ports = [];
      for (let i = 0; i < count; i++) {
        const socket = new native.Socket(2, 2, 0);
        socket.bind(loopback(0));
        ports.push(socket.name().port);
        socket.onReadable(onReadable);
        new native.Timer(onExpired).set(native.monotonicNow() + 50_000);
      }
      setImmediate(() => {
        for (let i = 0; i < 5; i++) gc();
        const sender = new native.Socket(2, 2, 0);
        for (const port of ports) sender.send(Buffer.from('x'), loopback(port));
      });
      process.on('exit', () => console.log(received, expired));
    `,
      ['--expose-gc'],
    );
    expect(ending).toEqual({ status: 0, stdout: '50 50\n', stderr: '' });
  });

  it('are collected with their descriptors when they do not wait and nobody knows them', async () => {
    const ending = await runScript(
      `
      const { readdirSync } = require('node:fs');
      const descriptors = () => readdirSync('/proc/self/fd').length;
      const before = descriptors();
      for (let i = 0; i < 200; i++) {
        const socket = new native.Socket(2, 2, 0);
        socket.onReadable(() => {});
        socket.onReadable(undefined);
      }
      const opened = descriptors() - before;
      const collect = (rounds) => {
        gc();
        if (descriptors() <= before || rounds === 0) console.log(opened, descriptors() - before);
        else setImmediate(collect, rounds - 1);
      };
      setImmediate(collect, 100);
    `,
      ['--expose-gc'],
    );
    expect(ending).toEqual({ status: 0, stdout: '200 0\n', stderr: '' });
  });

  it.each(['socket', 'timer'])(
    'bring what the callback of a %s throws to uncaughtException, and go on',
    async (kind) => {
      const ending = await runScript(`
      let calls = 0;
      const thrown = [new Error('first'), 'second', undefined];
      process.on('uncaughtException', (error) => console.log(String(error)));
      const callback = (waiting, again) => {
        if (calls === thrown.length) return waiting.close();
        again();
        throw thrown[calls++];
      };
      if (${kind === 'socket'}) {
        const socket = new native.Socket(2, 2, 0);
        socket.bind(loopback(0));
        socket.send(Buffer.from('x'), socket.name());
        socket.onReadable(() => callback(socket, () => {}));
      } else {
        const timer = new native.Timer(() => callback(timer, () => timer.set(0)));
        timer.set(0);
      }
    `);
      expect(ending).toEqual({ status: 0, stdout: 'Error: first\nsecond\nundefined\n', stderr: '' });
    },
  );

  it('end the process by an exception that nobody handles', async () => {
    const ending = await runScript(`
      const timer = new native.Timer(() => { throw new Error('nobody handles me'); });
      timer.set(0);
    `);
    expect(ending.status).toBe(1);
    expect(ending.stderr).toContain('Error: nobody handles me');
  });
});

describe('sockets that send aside', () => {
  /** Threads that are at work, at rest and just told to end, all when the environment ends. */
  const SEND_AND_END = `
    const sockets = Array.from({ length: 8 }, () => {
      const socket = new native.Socket(2, 2, 0);
      socket.bind({ family: 'inet', address: Uint8Array.of(127, 0, 0, 1), port: 0 });
      socket.connect(socket.name());
      return socket;
    });
    // a send aside does not keep the loop turning
    const waiting = setInterval(() => {}, 1_000);
    const sent = Promise.all(sockets.map((socket) => socket.sendAside(Uint8Array.of(1))));
    const end = () => {
      for (const socket of sockets.slice(0, 4)) socket.close();
      sockets[7].sendAside(Uint8Array.of(2));
      process.exit(7);
    };
  `;

  it('end with their process, whatever their threads do just then', async () => {
    const endings = await Promise.all(
      Array.from({ length: 40 }, (_, i) => runScript(`${SEND_AND_END} ${i % 2 ? 'end()' : 'sent.then(end)'};`)),
    );
    expect(endings).toEqual(endings.map(() => ({ status: 7, stdout: '', stderr: '' })));
  }, 60_000);

  it('end with their worker, and leave neither thread nor descriptor', async () => {
    const ending = await runScript(`
      const { Worker } = require('node:worker_threads');
      const { readdirSync } = require('node:fs');
      const count = (what) => readdirSync('/proc/self/' + what).length;
      const script = ${JSON.stringify(`const native = require(${JSON.stringify(ADDON)});${SEND_AND_END} sent.then(end);`)};
      (async () => {
        const counts = [];
        for (let i = 0; i < 20; i++) {
          await new Promise((resolve) => new Worker(script, { eval: true }).on('exit', resolve));
          counts.push([count('fd'), count('task')]);
        }
        console.log('left:', counts[19][0] - counts[0][0], counts[19][1] - counts[0][1]);
      })();
    `);
    expect(ending).toEqual({ status: 0, stdout: 'left: 0 0\n', stderr: '' });
  }, 60_000);

  it('send what was asked for before they are closed, and say so', async () => {
    const ending = await runScript(`
      ${SEND_AND_END}
      for (const socket of sockets) socket.close();
      sent.then((all) => {
        console.log(all.length);
        clearInterval(waiting);
      });
    `);
    expect(ending).toEqual({ status: 0, stdout: '8\n', stderr: '' });
  });
});

describe('a worker with open sockets and timers', () => {
  it.each([false, true])(
    'is terminated 20 times without harm to the process (inside a callback: %s)',
    async (hang) => {
      const ending = await runScript(`
        const { Worker } = require('node:worker_threads');
        const descriptors = () => require('node:fs').readdirSync('/proc/self/fd').length;
        (async () => {
          const counts = [];
          for (let i = 0; i < 20; i++) {
            const worker = new Worker(${JSON.stringify(BUSY_WORKER)}, { eval: true, workerData: { hang: ${hang} } });
            await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
            await worker.terminate();
            counts.push(descriptors());
          }
          console.log('left open:', counts[19] - counts[0]);
        })();
      `);
      expect(ending).toEqual({ status: 0, stdout: 'left open: 0\n', stderr: '' });
    },
    TIMEOUT,
  );

  it('ends by itself with process.exit', async () => {
    const ending = await runScript(`
      const { Worker } = require('node:worker_threads');
      const script = ${JSON.stringify(`${BUSY_WORKER}\nsetImmediate(() => process.exit(7));`)};
      const worker = new Worker(script, { eval: true, workerData: { hang: false } });
      worker.on('exit', (status) => console.log(status));
    `);
    expect(ending).toEqual({ status: 0, stdout: '7\n', stderr: '' });
  });

  it('takes nothing from the sockets of the main thread', async () => {
    const ending = await runScript(`
      const { Worker } = require('node:worker_threads');
      const socket = new native.Socket(2, 2, 0);
      socket.bind(loopback(0));
      socket.onReadable(() => { console.log(String(Buffer.from(socket.receive().bytes))); socket.close(); });
      const worker = new Worker(${JSON.stringify(BUSY_WORKER)}, { eval: true, workerData: { hang: false } });
      worker.once('message', () => worker.terminate().then(() => socket.send(Buffer.from('alive'), socket.name())));
    `);
    expect(ending).toEqual({ status: 0, stdout: 'alive\n', stderr: '' });
  });
});
