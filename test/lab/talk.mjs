/**
 * Servers that say their name, and clients that remember who answered: the traffic of the lab's tests.
 *
 *   node talk.mjs serve NAME PORT...   TCP and UDP on each port: says NAME, then sends back what it gets; prints `ready`
 *   node talk.mjs call                 does what lines of JSON on standard input say, and answers each with a line
 *
 * { op: 'open', host, port, count, from? }  opens connections one after the other and keeps them: { names }, '-' for none
 * { op: 'ping' }                            sends a byte over each that is open: { alive, of }
 * { op: 'close' }                           ends them all: { }
 * { op: 'ask', host, port, count, from? }   a datagram each, from a port of its own: { names }
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 4_000;

const [mode, ...words] = process.argv.slice(2);
if (mode === 'serve') await serve(words[0] ?? '', words.slice(1).map(Number));
else call();

async function serve(name, ports) {
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(`${name}\n`);
      socket.pipe(socket);
    });
    await new Promise((resolve) => server.listen({ port, host: '::' }, resolve));
    const datagrams = createSocket('udp6');
    datagrams.on('message', (_, { port: to, address }) => datagrams.send(name, to, address));
    await new Promise((resolve) => datagrams.bind({ port, address: '::' }, resolve));
  }
  process.stdout.write('ready\n');
}

function call() {
  const open = new Set();
  const acts = {
    open: async ({ host, port, count, from }) => {
      const names = [];
      for (let i = 0; i < count; i++) {
        const { name, socket } = await greet({ host, port, localAddress: from });
        if (socket) open.add(socket);
        names.push(name);
      }
      return { names };
    },
    ping: async () => {
      const echoes = await Promise.all([...open].map(echo));
      return { alive: echoes.filter(Boolean).length, of: open.size };
    },
    close: async () => {
      await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once('close', resolve).end())));
      open.clear();
      return {};
    },
    ask: async ({ host, port, count, from }) => {
      const names = [];
      for (let i = 0; i < count; i++) names.push(await ask(host, port, from));
      return { names };
    },
  };
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const order = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await acts[order.op](order))}\n`);
  });
}

/** Connects and waits for the name of whoever answers. */
function greet(options) {
  return new Promise((resolve) => {
    const socket = connect(options);
    const end = (name) => {
      clearTimeout(late);
      socket.removeAllListeners();
      socket.on('error', () => {});
      if (name === '-') socket.destroy();
      resolve(name === '-' ? { name } : { name, socket });
    };
    const late = setTimeout(end, PATIENCE_MS, '-');
    socket.on('error', () => end('-'));
    socket.on('data', (bytes) => end(bytes.toString().trim()));
  });
}

function echo(socket) {
  return new Promise((resolve) => {
    const end = (isAlive) => {
      clearTimeout(late);
      socket.off('data', yes);
      resolve(isAlive);
    };
    const yes = () => end(true);
    const late = setTimeout(end, PATIENCE_MS, false);
    socket.on('data', yes);
    socket.write('.');
  });
}

function ask(host, port, from) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (name) => {
      clearTimeout(late);
      socket.close();
      resolve(name);
    };
    const late = setTimeout(end, PATIENCE_MS, '-');
    socket.on('error', () => end('-'));
    socket.on('message', (bytes) => end(bytes.toString()));
    socket.bind({ address: from }, () => socket.send('?', port, host));
  });
}
