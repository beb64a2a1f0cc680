/** The servers that checkers are for, from Debian's packages: each in the foreground, on loopback, in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Background } from '../lab/process.ts';

export const HOST = '127.0.0.1';

/** A port of loopback that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const place = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof place === 'object' && place ? place.port : 0;
}

/** Servers of one test file; all are gone after `close`. */
export class RealServers {
  readonly directory = mkdtempSync(join(tmpdir(), 'holdfast-servers-'));
  readonly lines: string[] = [];
  readonly #running = new Map<string, Background>();

  constructor() {
    chmodSync(this.directory, 0o755); // some become another user
  }

  /** A folder for one of them, and whose it is. */
  folder(name: string, user?: string): string {
    const folder = join(this.directory, name);
    mkdirSync(folder);
    if (user !== undefined) execFileSync('chown', [user, folder]);
    return folder;
  }

  write(name: string, text: string): string {
    const file = join(this.directory, name);
    writeFileSync(file, text);
    return file;
  }

  start(name: string, program: string, ...args: readonly string[]): void {
    this.#running.set(name, new Background(program, args, (line) => this.lines.push(`${name}: ${line}`)));
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const server = this.#running.get(name);
    this.#running.delete(name);
    server?.signal(signal);
    await server?.ended;
  }

  async close(): Promise<void> {
    // PostgreSQL's children go with it when it is asked, and not when it is killed
    const signal = (name: string) => (name === 'postgresql' ? 'SIGQUIT' : 'SIGKILL');
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name, signal(name))));
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** @returns its ports, plain and with TLS */
  async nginx(key: string, certificate: string): Promise<readonly [number, number]> {
    const [plain, secure] = [await freePort(), await freePort()];
    const folder = this.folder('nginx');
    const file = this.write(
      'nginx/nginx.conf',
      `daemon off; master_process off; pid nginx.pid; events { }
       http {
         access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
         uwsgi_temp_path uwsgi; scgi_temp_path scgi;
         server {
           listen ${HOST}:${plain}; listen ${HOST}:${secure} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key};
           location / { return 200 "hello from $host\\n"; }
           location = /missing { return 404; }
           location = /page.html { root ${folder}; }
         }
       }`,
    );
    writeFileSync(join(folder, 'page.html'), `<html>${'<p>All is well.</p>\n'.repeat(1000)}</html>\n`);
    this.start('nginx', 'nginx', '-p', folder, '-c', file, '-e', 'stderr');
    return [plain, secure];
  }

  async exim(): Promise<number> {
    const port = await freePort();
    const folder = this.folder('exim', 'Debian-exim');
    const file = this.write(
      'exim.conf',
      `primary_hostname = mail.example.org\nspool_directory = ${folder}\nlog_file_path = ${folder}/%slog
       host_lookup =\nrfc1413_query_timeout = 0s\n`,
    );
    this.start('exim', 'exim4', '-C', file, '-bdf', '-oX', `${HOST}.${port}`, '-oP', join(folder, 'pid'));
    return port;
  }

  async unbound(): Promise<number> {
    const port = await freePort();
    const file = this.write(
      'unbound.conf',
      `server:
         interface: ${HOST}@${port}
         do-daemonize: no
         username: ""
         chroot: ""
         directory: "${this.directory}"
         pidfile: ""
         use-syslog: no
         local-zone: "." static
         local-data: ". SOA a. b. 1 2 3 4 5"
         local-data: "www.example.org. A 192.0.2.1"
      `,
    );
    this.start('unbound', 'unbound', '-d', '-c', file);
    return port;
  }

  async redis(password: string): Promise<number> {
    const port = await freePort();
    const words = [
      '--port',
      `${port}`,
      '--bind',
      HOST,
      '--save',
      '',
      '--dir',
      this.directory,
      '--requirepass',
      password,
    ];
    this.start('redis', 'redis-server', ...words);
    return port;
  }

  /** Asks everybody for a password, in the way that is the default. */
  async postgresql(): Promise<number> {
    const port = await freePort();
    const folder = this.folder('postgresql', 'postgres');
    const [version = ''] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    const program = (name: string) => join('/usr/lib/postgresql', version, 'bin', name);
    const data = join(folder, 'data');
    const as = ['--reuid=postgres', '--regid=postgres', '--init-groups'];
    const initialise = [...as, program('initdb'), '-D', data, '--auth-host=scram-sha-256', '--auth-local=peer', '-N'];
    execFileSync('setpriv', initialise, { stdio: 'ignore' });
    const words = ['-D', data, '-p', `${port}`, '-k', folder, '-h', HOST, '-F'];
    this.start('postgresql', 'setpriv', ...as, program('postgres'), ...words);
    return port;
  }

  /** Shuts out a host after its third connection that ends too early. */
  async mariadb(): Promise<number> {
    const port = await freePort();
    const data = join(this.directory, 'mariadb');
    const common = ['--no-defaults', '--user=root', `--datadir=${data}`];
    execFileSync('mariadb-install-db', [...common, '--skip-test-db'], { stdio: 'ignore' });
    const words = [`--port=${port}`, `--bind-address=${HOST}`, `--socket=${data}.sock`, '--max-connect-errors=3'];
    this.start('mariadb', 'mariadbd', ...common, ...words, '--innodb-buffer-pool-size=8M');
    return port;
  }

  async slapd(password: string): Promise<number> {
    const port = await freePort();
    const file = this.write(
      'slapd.conf',
      `include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n` +
        `pidfile ${this.directory}/slapd.pid\ndatabase mdb\nsuffix "dc=example,dc=org"\n` +
        `rootdn "cn=admin,dc=example,dc=org"\nrootpw ${password}\ndirectory ${this.folder('ldap')}\n`,
    );
    this.start('slapd', 'slapd', '-f', file, '-h', `ldap://${HOST}:${port}`, '-d', '0');
    return port;
  }
}
