/** The checkers besides TCP_CHECK: values, defaults, corrections, as keepalived 2.2.7 has them. */
import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import { tcpChecker } from '../support/servers.ts';
import { checkersIn, read, realServerWith, said } from './reading.ts';

const { kind: _, ...CONNECTING } = tcpChecker();
const { connectAddress: _a, connectPort: _p, connectTimeout: _t, fwmark: _m, ...TIMED } = CONNECTING;

const text = (kind: string, ...lines: string[]) => realServerWith(`${kind} {`, ...lines, '}');
const checkerOf = (kind: string, ...lines: string[]) => checkersIn(text(kind, ...lines))[0];

/** What is said, without the words about checks that are not acted on. */
const mistakes = (of: string) => said(of).filter((one) => !/not acted on yet/.test(one));

const HTTP = {
  ...CONNECTING,
  kind: 'HTTP_GET',
  delayBeforeRetry: seconds(3),
  pages: [{ path: '/', statusCodes: [[200, 299]] }],
  httpProtocol: '1.0',
  enableSni: false,
  fastRecovery: false,
  tlsCompliant: false,
  tlsVerify: false,
};
const page = (...lines: string[]) => ['url {', 'path /', ...lines, '}'];
const pageOf = (...lines: string[]) => {
  const checker = checkerOf('HTTP_GET', ...page(...lines));
  return checker?.kind === 'HTTP_GET' ? checker.pages[0] : undefined;
};

describe('HTTP_GET and SSL_GET', () => {
  it('have keepalived’s defaults', () => {
    expect(checkerOf('HTTP_GET', ...page())).toEqual(HTTP);
    expect(checkerOf('SSL_GET', ...page())).toEqual({ ...HTTP, kind: 'SSL_GET' });
    expect(mistakes(text('HTTP_GET', ...page()))).toEqual([]);
  });

  it.each([
    ['virtualhost a.example', { virtualHost: 'a.example' }],
    ['http_protocol 1.0c', { httpProtocol: '1.0C' }],
    ['http_protocol 1.1', { httpProtocol: '1.1' }],
    ['enable_sni', { enableSni: true }],
    ['fast_recovery', { fastRecovery: true }],
    ['tls_verify', { tlsVerify: true }],
    ['bind_if eth0', { bindInterface: 'eth0' }],
    ['fwmark 7', { fwmark: 7 }],
  ])('take %s', (line, expected) => {
    expect(checkerOf('HTTP_GET', ...page(), line)).toEqual({ ...HTTP, ...expected });
    expect(read(text('HTTP_GET', ...page(), line)).exitCode).toBe(0);
  });

  it('name a regular expression that is not known here, with the exit status of keepalived', () => {
    const given = text('HTTP_GET', ...page('regex "(?R)"'));
    expect(mistakes(given)).toEqual([
      expect.stringMatching(/regex: \(\?R is not known here: the answer cannot be judged by it/),
    ]);
    expect(read(given).exitCode).toBe(0);
  });

  it('know words that are newer than keepalived 2.2.7, and say so', () => {
    for (const line of ['sni_name', 'sni_name a.example', 'tls_compliant']) {
      expect(read(text('SSL_GET', ...page(), line)).exitCode).toBe(5);
    }
    expect(checkerOf('SSL_GET', ...page('tls_compliant'), 'sni_name a.example')).toMatchObject({
      sniName: 'a.example',
      enableSni: true,
      pages: [{ tlsCompliant: true }],
    });
  });

  it('ask for the host of the checker, else for that of the real server or the virtual server', () => {
    const own = realServerWith('virtualhost b.example', 'HTTP_GET {', ...page(), '}');
    expect(checkersIn(own)).toEqual([{ ...HTTP, inheritedVirtualHost: 'b.example' }]);
  });

  it('without a page are left out; keepalived crashes when it is the first checker', () => {
    expect(read(text('HTTP_GET')).exitCode).toBe(5);
    expect(checkersIn(text('HTTP_GET', 'url {', '}'))).toEqual([]);
    expect(mistakes(text('HTTP_GET', ...page(), 'url {', '}'))).toEqual([
      '10:1 error: url has no path; it is left out',
    ]);
  });

  it.each([
    ['status_code 404', [[404, 404]]],
    [
      'status_code 200-210 205-220 221 404',
      [
        [200, 221],
        [404, 404],
      ],
    ],
    [
      'status_code 200\nstatus_code 300',
      [
        [200, 200],
        [300, 300],
      ],
    ],
    ['status_code', [[200, 299]]],
  ])('take %j', (line, statusCodes) => {
    expect(pageOf(line)).toEqual({ path: '/', statusCodes });
    expect(read(text('HTTP_GET', ...page(line))).exitCode).toBe(0);
  });

  it.each([
    ['status_code 99', 'is no code from 100 to 599'],
    ['status_code 200-600', 'is no code from 100 to 599'],
    ['status_code 299-200', 'is no code from 100 to 599'],
    ['status_code 200,201', 'put blanks between codes'],
    ['digest 12', 'expected an MD5 sum of 32 hex digits'],
    ['path', 'path has no value'],
  ])('say what is wrong with %s', (line, message) => {
    expect(mistakes(text('HTTP_GET', ...page(line))).join()).toContain(message);
    expect(pageOf(line)?.statusCodes).toEqual([[200, 299]]);
  });

  it('take the first digest, in lower case', () => {
    expect(pageOf('digest 640205B7B0FC66C1EA91C463FAC6334C')?.digest).toBe('640205b7b0fc66c1ea91c463fac6334c');
    const twice = text('HTTP_GET', ...page(`digest ${'0'.repeat(32)}`, `digest ${'1'.repeat(32)}`));
    expect(mistakes(twice)).toEqual(['10:1 error: digest again; the one in line 9 counts']);
  });

  it.each([
    ['regex a', 'a'],
    ['regex "a b"', 'a b'],
    ["regex 'a b'", 'a b'],
    ['regex a\\\\d+', 'a\\d+'],
    ['regex "a\\d"', 'ad'],
    ['regex "\\x41\\101\\t"', 'AA\t'],
    ['regex "a"\'b\'c', 'abc'],
    ['regex ""', ''],
  ])('read %s with quotation marks and backslashes', (line, expression) => {
    expect(pageOf(line)?.pattern).toEqual({ expression, isUnwanted: false, options: [], minOffset: 0, maxOffset: 0 });
    expect(read(text('HTTP_GET', ...page(line))).exitCode).toBe(0);
  });

  it('take what goes with a regular expression, and keep silent like keepalived about what does not fit', () => {
    const lines = [
      'regex a',
      'regex_no_match',
      'regex_options caseless dotall',
      'regex_stack 10 20',
      'regex_max_offset 9',
    ];
    expect(pageOf(...lines)?.pattern).toEqual({
      expression: 'a',
      isUnwanted: true,
      options: ['caseless', 'dotall'],
      minOffset: 0,
      maxOffset: 9,
      stack: { start: 10, max: 20 },
    });
    for (const odd of [
      'regex a b',
      'regex',
      'regex_options caseless',
      'regex a\nregex_stack 20 10',
      'regex_min_offset x',
    ]) {
      expect(read(text('HTTP_GET', ...page(odd))).exitCode).toBe(0);
      expect(mistakes(text('HTTP_GET', ...page(odd))).length).toBeGreaterThan(odd === 'regex' ? -1 : 0);
    }
  });
});

describe('SMTP_CHECK', () => {
  it('has keepalived’s defaults', () => {
    expect(checkerOf('SMTP_CHECK')).toEqual({
      ...CONNECTING,
      kind: 'SMTP_CHECK',
      heloName: 'smtpchecker.keepalived.org',
    });
    expect(checkerOf('SMTP_CHECK', 'helo_name me')).toMatchObject({ heloName: 'me' });
    expect(read(text('SMTP_CHECK', 'helo_name')).exitCode).toBe(5);
  });

  it('is a checker for each host, and one for itself where it says a place', () => {
    const host = (address: string, ...lines: string[]) => ['host {', `connect_ip ${address}`, ...lines, '}'];
    const addresses = (...lines: string[]) =>
      checkersIn(text('SMTP_CHECK', ...lines)).map((one) => ('connectAddress' in one ? one.connectAddress : ''));
    expect(addresses(...host('10.0.0.4'), ...host('10.0.0.5'))).toEqual(['10.0.0.4', '10.0.0.5']);
    expect(addresses('connect_ip 10.0.0.3', ...host('10.0.0.4'))).toEqual(['10.0.0.3', '10.0.0.4']);
    expect(checkerOf('SMTP_CHECK', ...host('10.0.0.4', 'retry 6'))).toMatchObject({ retry: 6 });
    expect(read(text('SMTP_CHECK', ...host('10.0.0.4'))).exitCode).toBe(0);
  });
});

describe('DNS_CHECK', () => {
  it('has keepalived’s defaults: it waits as long as delay_loop before it tries again', () => {
    expect(checkerOf('DNS_CHECK', 'delay_loop 7')).toEqual({
      ...CONNECTING,
      kind: 'DNS_CHECK',
      retry: 3,
      delayLoop: seconds(7),
      delayBeforeRetry: seconds(7),
      warmup: seconds(7),
      recordType: 'SOA',
      name: '',
    });
  });

  it.each([
    ['type mx', { recordType: 'MX' }],
    ['type DNSKEY', { recordType: 'DNSKEY' }],
    ['name example.org', { name: 'example.org' }],
    ['name example.org.', { name: 'example.org.' }],
    ['name .', { name: '.' }],
  ])('takes %s', (line, expected) => {
    expect(checkerOf('DNS_CHECK', line)).toMatchObject(expected);
    expect(read(text('DNS_CHECK', line)).exitCode).toBe(0);
  });

  it.each([
    ['type PTR', 'expected a record type'],
    ['name a..b', "'a..b' has an empty label"],
    ['name .org', "'.org' has an empty label"],
    ['name x.org', "keepalived takes the first label of 'x.org' for an empty one"],
  ])('says what is wrong with %s', (line, message) => {
    expect(mistakes(text('DNS_CHECK', line)).join()).toContain(message);
    expect(checkerOf('DNS_CHECK', line)).toMatchObject({ recordType: 'SOA', name: '' });
    expect(read(text('DNS_CHECK', line)).exitCode).toBe(5);
  });
});

describe('MISC_CHECK', () => {
  it('has keepalived’s defaults, and is not tried again', () => {
    expect(checkerOf('MISC_CHECK', 'misc_path "/bin/check a \'b c\'"')).toEqual({
      ...TIMED,
      kind: 'MISC_CHECK',
      retry: 0,
      script: { command: ['/bin/check', 'a', 'b c'] },
      timeout: ZERO,
      fallbackTimeout: TIMED.delayLoop,
      isDynamic: false,
    });
  });

  it('takes all of its words', () => {
    const lines = ['misc_path /bin/check', 'misc_timeout 9', 'misc_dynamic', 'user nobody nogroup', 'retry 2'];
    expect(checkerOf('MISC_CHECK', ...lines)).toMatchObject({
      script: { command: ['/bin/check'], user: 'nobody', group: 'nogroup' },
      timeout: seconds(9),
      isDynamic: true,
      retry: 2,
    });
  });

  it('reads what stands between apostrophes as one command', () => {
    expect(checkerOf('MISC_CHECK', "misc_path '/bin/check a'")).toMatchObject({
      script: { command: ['/bin/check', 'a'] },
    });
  });

  it('without a command is left out', () => {
    for (const line of ['', 'misc_path', 'misc_path ""']) {
      expect(checkersIn(text('MISC_CHECK', line))).toEqual([]);
      expect(read(text('MISC_CHECK', line)).exitCode).toBe(5);
    }
    expect(read(text('MISC_CHECK', 'misc_path /bin/check', 'bindto 10.0.0.9')).exitCode).toBe(5);
  });
});

describe('UDP_CHECK', () => {
  it('has keepalived’s defaults', () => {
    expect(checkerOf('UDP_CHECK')).toEqual({
      ...CONNECTING,
      kind: 'UDP_CHECK',
      requireReply: false,
      minReplyLength: 0,
      maxReplyLength: 255,
    });
  });

  it.each([
    ['payload 00ff 1', { payload: '00ff01' }],
    ['payload 001', { payload: '0001' }],
    ['require_reply', { requireReply: true }],
    ['require_reply 0x xx 7F', { requireReply: true, reply: { bytes: '00007f', mask: 'f000ff' } }],
    ['min_reply_length 3\nmax_reply_length 9', { minReplyLength: 3, maxReplyLength: 9 }],
  ])('takes %j', (line, expected) => {
    expect(checkerOf('UDP_CHECK', line)).toMatchObject(expected);
    expect(read(text('UDP_CHECK', line)).exitCode).toBe(0);
  });

  it.each([
    ['payload', {}],
    ['payload 0x', {}],
    ['payload zz', {}],
    ['require_reply zz', { requireReply: true }],
    ['min_reply_length 300', { minReplyLength: 300 }],
    ['min_reply_length 65536', { minReplyLength: 0 }],
  ])('complains about %s', (line, expected) => {
    expect(checkerOf('UDP_CHECK', line)).toMatchObject(expected);
    expect(checkerOf('UDP_CHECK', line)).not.toHaveProperty('payload');
    expect(read(text('UDP_CHECK', line)).exitCode).toBe(5);
  });
});

describe('PING_CHECK', () => {
  it('has keepalived’s defaults', () => {
    expect(checkerOf('PING_CHECK')).toEqual({ ...CONNECTING, kind: 'PING_CHECK' });
  });

  it('of a link-local address needs an interface', () => {
    expect(mistakes(text('PING_CHECK', 'connect_ip fe80::1'))).toEqual([
      '7:12 error: fe80::1 is reached through one interface only; the check is left out; add bind_if',
    ]);
    expect(checkersIn(text('PING_CHECK', 'connect_ip fe80::1', 'bind_if eth0'))).toHaveLength(1);
  });

  it.each([
    [['connect_ip 10.0.0.3', 'bindto fd00::1'], '10.0.0.3', undefined],
    [['bindto 10.0.0.9', 'connect_ip fd00::1'], '192.168.4.100', '10.0.0.9'],
    [['bindto fd00::1', 'connect_ip 10.0.0.3'], '10.0.0.3', undefined],
    [['bindto 10.0.0.9/24', 'connect_ip 10.0.0.3-5'], '10.0.0.3', '10.0.0.9'],
  ])('connects from and to one family: %j', (lines, connectAddress, bindAddress) => {
    const checker = checkerOf('PING_CHECK', ...lines);
    expect(checker).toMatchObject({ connectAddress });
    expect(checker && 'bindAddress' in checker ? checker.bindAddress : undefined).toBe(bindAddress);
  });
});

describe('FILE_CHECK', () => {
  const FILE = 'track_file load {\nfile /run/load\nweight 2 reverse\n}\n';

  it('has the weight of its file, unless it says its own', () => {
    expect(checkersIn(FILE + text('FILE_CHECK', 'track_file load'))).toEqual([
      { kind: 'FILE_CHECK', trackFile: 'load', weight: 2, reverse: true },
    ]);
    expect(checkersIn(FILE + text('FILE_CHECK', 'track_file load', 'weight -3000'))).toEqual([
      { kind: 'FILE_CHECK', trackFile: 'load', weight: -3000, reverse: false },
    ]);
  });

  it('knows the files that stand before it', () => {
    for (const wrong of [
      text('FILE_CHECK', 'track_file load') + FILE,
      FILE + text('FILE_CHECK'),
      text('FILE_CHECK', 'track_file x'),
    ]) {
      expect(checkersIn(wrong)).toEqual([]);
      expect(read(wrong).exitCode).toBe(5);
    }
    expect(read(FILE + text('FILE_CHECK', 'track_file load', 'weight 1 x')).exitCode).toBe(5);
  });
});

describe('BFD_CHECK', () => {
  const session = (...lines: string[]) => `bfd_instance peer {\nneighbor_ip 10.0.0.2\n${lines.join('\n')}\n}\n`;

  it('has the alpha of its server, unless it says its own', () => {
    expect(checkersIn(session() + text('BFD_CHECK', 'name peer'))).toEqual([
      { kind: 'BFD_CHECK', session: 'peer', alpha: false },
    ]);
    expect(checkersIn(session('checker') + text('BFD_CHECK', 'name peer', 'alpha'))).toMatchObject([{ alpha: true }]);
  });

  it('knows the sessions that stand before it and are not for virtual routers only, each once', () => {
    const wrong = [
      text('BFD_CHECK', 'name peer') + session(),
      session('vrrp') + text('BFD_CHECK', 'name peer'),
      session() + text('BFD_CHECK'),
    ];
    for (const file of wrong) {
      expect(checkersIn(file)).toEqual([]);
      expect(read(file).exitCode).toBe(5);
    }
    const twice = realServerWith('BFD_CHECK {', 'name peer', '}', 'BFD_CHECK {', 'name peer', '}');
    expect(checkersIn(session() + twice)).toHaveLength(1);
  });
});

describe('SSL', () => {
  it('is read, and the last one counts whole', () => {
    const ssl = (...lines: string[]) => `SSL {\n${lines.join('\n')}\n}\n`;
    const first = ssl('password a', 'ca /ca.pem', 'certificate /c.pem', 'key /k.pem');
    expect(read(first).configuration.ssl).toEqual({
      password: 'a',
      authority: '/ca.pem',
      certificate: '/c.pem',
      key: '/k.pem',
    });
    expect(read(first).exitCode).toBe(0);
    expect(read(first + ssl('key /other.pem')).configuration.ssl).toEqual({ key: '/other.pem' });
    for (const wrong of [first + ssl(), ssl('key'), ssl('key a', 'key b'), ssl('foo')])
      expect(read(wrong).exitCode).toBe(5);
  });
});
