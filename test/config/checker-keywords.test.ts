/** TCP_CHECK and the checkers that are known by their words only. */
import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import { tcpChecker } from '../support/servers.ts';
import { checkersIn, read, realServerWith, said, serviceWith } from './reading.ts';

const TCP_CHECK = tcpChecker();

const checkerOf = (...lines: string[]) => checkersIn(realServerWith(...lines))[0];

describe('TCP_CHECK', () => {
  it('has keepalived’s defaults', () => {
    expect(said(realServerWith('TCP_CHECK {', '}'))).toEqual([]);
    expect(checkerOf('TCP_CHECK {', '}')).toEqual(TCP_CHECK);
  });

  it('reads all of its keywords', () => {
    const lines = [
      'connect_ip 10.0.0.9',
      'connect_port 8080',
      'bindto 10.0.0.8',
      'bind_port 1024',
      'connect_timeout 3',
      'retry 0',
      'delay_before_retry 0.5',
      'delay_loop 2',
      'warmup 0',
      'alpha',
    ];
    expect(said(realServerWith('TCP_CHECK {', ...lines, '}'))).toEqual([]);
    expect(checkerOf('TCP_CHECK {', ...lines, '}')).toEqual({
      ...TCP_CHECK,
      connectAddress: '10.0.0.9',
      connectPort: 8080,
      bindAddress: '10.0.0.8',
      bindPort: 1024,
      connectTimeout: seconds(3),
      retry: 0,
      delayBeforeRetry: seconds(0.5),
      delayLoop: seconds(2),
      warmup: ZERO,
      alpha: true,
    });
  });

  it('takes what it does not say from the real server, and then from the virtual server', () => {
    const text = serviceWith(
      'delay_loop 6',
      'connect_timeout 2',
      'retry 4',
      'alpha',
      'real_server 10.0.0.9 81 {',
      'retry 2',
      'delay_before_retry 9',
      'TCP_CHECK {',
      '}',
      '}',
    );
    expect(checkersIn(text)).toEqual([
      {
        ...TCP_CHECK,
        connectAddress: '10.0.0.9',
        connectPort: 81,
        connectTimeout: seconds(2),
        retry: 2,
        delayBeforeRetry: seconds(9),
        delayLoop: seconds(6),
        warmup: seconds(6),
        alpha: true,
      },
    ]);
  });

  it('takes nb_get_retry as meant, and says that keepalived does not', () => {
    expect(checkerOf('TCP_CHECK {', 'nb_get_retry 3', '}')).toEqual({ ...TCP_CHECK, retry: 3 });
    expect(said(realServerWith('TCP_CHECK {', 'nb_get_retry 3', '}'))).toEqual([
      '7:1 warning: in TCP_CHECK keepalived ignores nb_get_retry; write retry',
    ]);
    expect(read(realServerWith('TCP_CHECK {', 'nb_get_retry 3', '}')).exitCode).toBe(5);
  });

  it.each([
    ['connet_port 80', "7:1 warning: unknown keyword 'connet_port' in TCP_CHECK; did you mean connect_port?"],
    ['connet_timeout 2', "7:1 warning: unknown keyword 'connet_timeout' in TCP_CHECK; did you mean connect_timeout?"],
    ['weight 2', "7:1 warning: unknown keyword 'weight' in TCP_CHECK; 'weight' belongs in real_server"],
    ['connect_port 0', "7:14 error: connect_port: expected an integer from 1 to 65535, got '0'; the line is ignored"],
    [
      'connect_timeout 0',
      "7:17 error: connect_timeout: expected seconds from 0.000001 to 4294.967295, got '0'; the line is ignored",
    ],
    ['retry -1', "7:7 error: retry: expected an integer from 0 to 4294967295, got '-1'; the line is ignored"],
    ['bindto fd00::1', '7:8 error: bindto: fd00::1 is not of the family of 192.168.4.100; it is ignored'],
  ])('says what is wrong with %s', (line, message) => {
    expect(said(realServerWith('TCP_CHECK {', line, '}'))).toEqual([message]);
    expect(checkerOf('TCP_CHECK {', line, '}')).toEqual(TCP_CHECK);
  });

  it('may be there more than once', () => {
    expect(checkersIn(realServerWith('TCP_CHECK {', '}', 'TCP_CHECK {', 'connect_port 443', '}'))).toEqual([
      TCP_CHECK,
      { ...TCP_CHECK, connectPort: 443 },
    ]);
  });

  it('without a port to connect to is kept, and fails as in keepalived', () => {
    const text = 'virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 {\nTCP_CHECK {\n}\n}\n}\n';
    expect(said(text)).toEqual([
      '5:1 warning: the real server has no port to connect to, so the check will fail; add connect_port',
    ]);
  });
});

describe('BFD_CHECK', () => {
  it('looks at a session that stands before it', () => {
    const session = 'bfd_instance rs1 {\nneighbor_ip 10.0.0.1\n}\n';
    const check = ['BFD_CHECK {', 'name rs1', '}'];
    const text = session + serviceWith(...['1', '2'].flatMap((n) => [`real_server 10.0.0.${n} 80 {`, ...check, '}']));
    expect(said(text)).toEqual([]);
    expect(checkersIn(text)).toMatchObject([{ kind: 'BFD_CHECK', session: 'rs1' }]);
  });
});
