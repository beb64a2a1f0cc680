/**
 * The control socket: HTTP over a Unix socket in the run directory, for `holdfast status` and for scripts
 * (`curl --unix-socket /run/holdfast/holdfast.sock http://holdfast/status`). Only root and the owner may connect.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

/** Asking takes no more than this; a client that is slower is cut off. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;

/** What the server can be asked: a function of a path, answered as JSON. */
export type ControlRoutes = Readonly<Record<string, () => Promise<object>>>;

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
    const asked = (request.url ?? '/').split('?')[0] ?? '/';
    const route = Object.hasOwn(routes, asked) ? routes[asked] : undefined;
    if (!route) return reply(response, 404, { error: `unknown path; known are ${Object.keys(routes).join(', ')}` });
    if (request.method !== 'GET') return reply(response, 405, { error: 'only GET is understood here' });
    route().then(
      (answer) => reply(response, 200, answer),
      (error: unknown) => reply(response, 500, { error: error instanceof Error ? error.message : String(error) }),
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
