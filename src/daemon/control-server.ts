/**
 * The control socket: HTTP over a Unix socket in the run directory, for `holdfast status` and for scripts
 * (`curl --unix-socket /run/holdfast/holdfast.sock http://holdfast/status`). Only root and the owner may connect.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

/** Asking takes no more than this; a client that is slower is cut off. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;

/** More than any request has. */
const MAX_BODY_BYTES = 65_536;

/** A wish that cannot be met as it is; answered with its sentence, and no fault of the agent. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/**
 * What the server can be asked (GET), and what it can be told to do (POST), by path. A wish gets the JSON that came with it,
 * undefined without any. Answers are JSON.
 */
export interface ControlRoutes {
  readonly get: Readonly<Record<string, () => Promise<object>>>;
  readonly post?: Readonly<Record<string, (wish: unknown) => Promise<object>>>;
}

/**
 * Listens on `path`; removes a socket that a dead agent left. Throws what listen(2) says.
 * @param onError what goes wrong with the listening socket later
 */
export async function openControlServer(
  path: string,
  routes: ControlRoutes,
  onError: (error: Error) => void,
): Promise<Server> {
  if (!(await answers(path))) rmSync(path, { force: true });
  const server = createServer((request, response) => {
    answer(routes, request).then(
      ([status, body]) => reply(response, status, body),
      (error: unknown) => {
        const sentence = error instanceof Error ? error.message : String(error);
        reply(response, error instanceof BadRequest ? 400 : 500, { error: sentence });
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = 1;
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', onError);
  chmodSync(path, 0o600);
  return server;
}

/** Closes the server and every connection, so that the process can end; the socket's file goes with it. */
export function closeControlServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  { get, post = {} }: ControlRoutes,
  request: IncomingMessage,
): Promise<[status: number, body: object]> {
  const asked = (request.url ?? '/').split('?')[0] ?? '/';
  const [toAsk, toTell] = [Object.hasOwn(get, asked) && get[asked], Object.hasOwn(post, asked) && post[asked]];
  if (!toAsk && !toTell) {
    return [404, { error: `unknown path; known are ${Object.keys({ ...get, ...post }).join(', ')}` }];
  }
  if (toAsk && request.method === 'GET') return [200, await toAsk()];
  if (toTell && request.method === 'POST') return [200, await toTell(await readWish(request))];
  return [405, { error: `only ${toAsk ? 'GET' : 'POST'} is understood here` }];
}

async function readWish(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > MAX_BODY_BYTES) throw new BadRequest('the request is too long');
  }
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('the request is no JSON');
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** True when a process listens on the socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
