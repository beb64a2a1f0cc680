/**
 * The checkers of a real server as they are configured, every default filled in.
 *
 * Plain data that survives JSON unchanged. Kinds that the agent cannot carry out yet are here all the same; who runs them
 * decides (checks/index.ts).
 */
import type { IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { RecordType } from '../wire/dns.ts';

/** When a checker probes, and how often it tries. */
export interface Timing {
  /** Further attempts after a failure before the server counts as down. */
  readonly retry: number;
  readonly delayBeforeRetry: Duration;
  /** From the end of one check to the next. */
  readonly delayLoop: Duration;
  /** The first check comes at a random time within this. */
  readonly warmup: Duration;
  /** Down until the first success. */
  readonly alpha: boolean;
  /** Every failed attempt is worth a line of the log, not only the last. */
  readonly logAllFailures: boolean;
}

/** Where a checker connects to, and from where. */
export interface Connection {
  readonly connectAddress: IpAddress;
  /** 0-65535; 0 cannot be connected to, as in keepalived. */
  readonly connectPort: number;
  readonly bindAddress?: IpAddress;
  /** 1-65535; absent: the kernel chooses. */
  readonly bindPort?: number;
  readonly bindInterface?: string;
  /** The mark on its packets, 0-4294967295; 0: none. */
  readonly fwmark: number;
  readonly connectTimeout: Duration;
}

/** keepalived.conf(5) "TCP_CHECK". */
export interface TcpChecker extends Timing, Connection {
  readonly kind: 'TCP_CHECK';
}

/** First and last code that mean success, 100-599. */
export type StatusRange = readonly [first: number, last: number];

/** A regular expression that the answer is looked through for. */
export interface AnswerPattern {
  /** As PCRE2 reads it. */
  readonly expression: string;
  /** Healthy when it is not found. */
  readonly isUnwanted: boolean;
  /** Words of `regex_options`, in the order of the file. */
  readonly options: readonly string[];
  /** Where a match may begin at the earliest and at the latest, in bytes; 0: wherever it is. */
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Memory of the just-in-time compiler: first and largest size. */
  readonly stack?: { readonly start: number; readonly max: number };
}

/** A page that a web checker asks for, and the right answer. */
export interface Page {
  readonly path: string;
  /** Not empty, in ascending order, none touches another. */
  readonly statusCodes: readonly StatusRange[];
  /** MD5 of the body, 32 hex digits as they were written. */
  readonly digest?: string;
  readonly virtualHost?: string;
  readonly pattern?: AnswerPattern;
  /** keepalived.conf(5) "tls_compliant", where the page says so itself. */
  readonly tlsCompliant?: boolean;
}

/** keepalived.conf(5) "HTTP_GET" and "SSL_GET". */
export interface WebChecker extends Timing, Connection {
  readonly kind: 'HTTP_GET' | 'SSL_GET';
  /** At least one, asked for in this order. */
  readonly pages: readonly Page[];
  /** Of the checker itself. */
  readonly virtualHost?: string;
  /** Of the real server, else of the virtual server. */
  readonly inheritedVirtualHost?: string;
  /** 1.0C is 1.0 with `Connection: close`. */
  readonly httpProtocol: '1.0' | '1.0C' | '1.1';
  readonly enableSni: boolean;
  /** The name for the TLS handshake, where it is not the virtual host. */
  readonly sniName?: string;
  /** While down, pages are asked for one directly after the other. */
  readonly fastRecovery: boolean;
  readonly tlsCompliant: boolean;
  /** The certificate must be good, and for the virtual host or the address. */
  readonly tlsVerify: boolean;
}

/** keepalived.conf(5) "SMTP_CHECK". */
export interface SmtpChecker extends Timing, Connection {
  readonly kind: 'SMTP_CHECK';
  /** How the checker introduces itself. */
  readonly heloName: string;
}

/** keepalived.conf(5) "DNS_CHECK". */
export interface DnsChecker extends Timing, Connection {
  readonly kind: 'DNS_CHECK';
  readonly recordType: RecordType;
  /** Empty: the root. */
  readonly name: string;
}

/** keepalived.conf(5) "MISC_CHECK". */
export interface MiscChecker extends Timing {
  readonly kind: 'MISC_CHECK';
  readonly script: Script;
  /** Whole seconds; zero: `fallbackTimeout`. */
  readonly timeout: Duration;
  /** delay_loop of the virtual server. */
  readonly fallbackTimeout: Duration;
  /** Exit status 2 to 255 sets the weight. */
  readonly isDynamic: boolean;
}

/** Bytes of a reply: what they must be, and which bits of them count. */
export interface ReplyPattern {
  /** Hex digits, two a byte. */
  readonly bytes: string;
  /** As long; bits of 0 may be anything. */
  readonly mask: string;
}

/** keepalived.conf(5) "UDP_CHECK". */
export interface UdpChecker extends Timing, Connection {
  readonly kind: 'UDP_CHECK';
  /** Hex digits, two a byte; absent: a text of keepalived's. */
  readonly payload?: string;
  /** Silence is a failure. */
  readonly requireReply: boolean;
  /** Absent: any reply will do. */
  readonly reply?: ReplyPattern;
  /** 0-65535, in bytes. */
  readonly minReplyLength: number;
  readonly maxReplyLength: number;
}

/** keepalived.conf(5) "PING_CHECK". */
export interface PingChecker extends Timing, Connection {
  readonly kind: 'PING_CHECK';
}

/** keepalived.conf(5) "FILE_CHECK". */
export interface FileChecker {
  readonly kind: 'FILE_CHECK';
  readonly trackFile: string;
  /** ±2147483647, the number in the file times this is added to the weight; 0: the server is down while it is not 0. */
  readonly weight: number;
  readonly reverse: boolean;
}

/** keepalived.conf(5) "BFD_CHECK". */
export interface BfdChecker {
  readonly kind: 'BFD_CHECK';
  readonly session: string;
  /** Down until the session is up. */
  readonly alpha: boolean;
}

/** A Redis server that answers PING. Of holdfast alone, as the following. */
export interface RedisChecker extends Timing, Connection {
  readonly kind: 'REDIS_CHECK';
  readonly user?: string;
  /** Absent: none is said. */
  readonly password?: string;
}

/** A PostgreSQL server that takes connections. */
export interface PostgresqlChecker extends Timing, Connection {
  readonly kind: 'PGSQL_CHECK';
  readonly user: string;
  readonly database: string;
}

/** A MySQL or MariaDB server that takes connections. */
export interface MysqlChecker extends Timing, Connection {
  readonly kind: 'MYSQL_CHECK';
  readonly user: string;
}

/** A directory that takes a simple bind. */
export interface LdapChecker extends Timing, Connection {
  readonly kind: 'LDAP_CHECK';
  /** Both empty: an anonymous one. */
  readonly bindDn: string;
  readonly password: string;
}

/** A gRPC server that says that it serves. */
export interface GrpcChecker extends Timing, Connection {
  readonly kind: 'GRPC_CHECK';
  /** Empty: the server as a whole. */
  readonly service: string;
  readonly virtualHost?: string;
  readonly tls: boolean;
  readonly tlsVerify: boolean;
}

/** A checker of one real server. */
export type CheckerConfig =
  | TcpChecker
  | WebChecker
  | SmtpChecker
  | DnsChecker
  | MiscChecker
  | UdpChecker
  | PingChecker
  | FileChecker
  | BfdChecker
  | RedisChecker
  | PostgresqlChecker
  | MysqlChecker
  | LdapChecker
  | GrpcChecker;

/** Without what the real server says of it. */
export type Unplaced<C> = C extends Connection
  ? Omit<C, 'connectAddress' | 'connectPort'> & Partial<Pick<Connection, 'connectAddress' | 'connectPort'>>
  : C;

/** A checker as the settings of a real server have it. Where to connect to is absent where that is the real server itself. */
export type UnplacedChecker = Unplaced<CheckerConfig>;

/** A checker that probes by itself, from time to time. */
export type TimedChecker = Extract<CheckerConfig, Timing>;

/** A checker that others tell what it has to know. */
export type ToldChecker = Exclude<CheckerConfig, Timing>;

/** A checker that connects to its server. */
export type ConnectingChecker = Extract<TimedChecker, Connection>;
