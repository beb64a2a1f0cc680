/** Braces: where they may stand, and what is said when they do not add up. */
import { describe, expect, it } from 'vitest';
import { instanceOf, instanceWith, read, said, serviceOf, serviceWith } from './reading.ts';

const names = (text: string): string[] => read(text).configuration.instances.map(({ name }) => name);

describe('blocks', () => {
  it('open on the line of their keyword, on the next, or glued to it, and hold what follows on the line', () => {
    const forms = [
      'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n1.2.3.4\n}\n}\n',
      'vrrp_instance V\n\n# comment\n{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress\n{ 1.2.3.4 }\n}',
      'vrrp_instance V{interface eth0\nvirtual_router_id 5\nvirtual_ipaddress{1.2.3.4}}',
    ];
    const [first, ...others] = forms.map(read);
    expect(first?.diagnostics).toEqual([]);
    expect(first?.configuration.instances[0]?.virtualAddresses).toHaveLength(1);
    expect(others).toEqual([first, first]);
  });

  it('read everything up to a brace as one line, as keepalived does', () => {
    const text = instanceWith('authentication { auth_type PASS auth_pass x }');
    expect(instanceOf('authentication { auth_type PASS auth_pass x }')?.authentication).toBeUndefined();
    expect(said(text)).toEqual([
      '4:18 warning: auth_type PASS without auth_pass; advertisements are not authenticated',
      "4:33 warning: 'auth_pass' stands in the line of auth_type and is not read; write it in a line of its own",
    ]);
  });
});

describe('an unknown block', () => {
  it('is skipped with all that is in it, and said once', () => {
    expect(said(instanceWith('frobnicate {', 'key 1 {', '}', 'interface lo', '}', 'priority 7'))).toEqual([
      "4:1 error: unknown block 'frobnicate' in vrrp_instance; it is skipped",
    ]);
    expect(instanceOf('frobnicate {', 'interface lo', '}', 'priority 7')?.priority).toBe(7);
  });

  it('is recognised when its brace stands on the next line', () => {
    expect(said('vrrp_instnace V\n{\ninterface eth0\n}\n')).toEqual([
      "1:1 error: unknown block 'vrrp_instnace' at the top level; it is skipped; did you mean vrrp_instance?",
    ]);
  });
});

describe("a missing '}'", () => {
  it('at the end of the file is told with the line of the block and the line to close it after', () => {
    expect(said('global_defs {\n router_id a\n')).toEqual([
      "1:1 error: missing '}': the block global_defs (line 1) is never closed; add '}' after line 2",
    ]);
  });

  it('of an inner block is found by what follows, and the rest is read where it belongs', () => {
    const text = [
      'vrrp_instance VI_1 {',
      '    interface eth0',
      '    virtual_router_id 5',
      '    authentication {',
      '        auth_type PASS',
      '        auth_pass x',
      '    virtual_ipaddress {',
      '        1.2.3.4',
      '    }',
      '}',
      '',
    ].join('\n');
    expect(said(text)).toEqual([
      "4:5 error: missing '}': the block authentication (line 4) is never closed; add '}' before line 7",
    ]);
    expect(read(text).configuration.instances[0]).toMatchObject({
      authentication: { type: 'PASS', password: 'x' },
      virtualAddresses: [{ address: '1.2.3.4' }],
    });
  });

  it('of an inner block is found by the indentation of the next brace', () => {
    const text = [
      'virtual_server 1.2.3.4 80 {',
      '  protocol TCP',
      '  lb_algo rr',
      '  lb_kind DR',
      '  real_server 1.2.3.5 80 {',
      '    TCP_CHECK {',
      '      connect_timeout 3',
      '  }',
      '  real_server 1.2.3.6 80 {',
      '  }',
      '}',
      '',
    ].join('\n');
    expect(said(text)).toEqual([
      "6:5 error: missing '}': the block TCP_CHECK (line 6) is never closed; add '}' before line 8",
    ]);
    expect(serviceOf(text)?.realServers.map(({ id }) => id)).toEqual(['1.2.3.5:80', '1.2.3.6:80']);
  });

  it('is found without any indentation too, when a word belongs further out', () => {
    const text = `${serviceWith('real_server 1.2.3.5 80 {', 'TCP_CHECK {', '}')}`;
    expect(said(text)).toEqual([
      "5:1 error: missing '}': the block real_server 1.2.3.5 80 (line 5) is never closed; add '}' before line 8",
    ]);
  });

  it('of an instance does not swallow the next one', () => {
    const one = (name: string, vrid: number) =>
      `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${vrid}\n  virtual_ipaddress {\n    1.2.3.${vrid}\n  }\n`;
    const text = `${one('A', 1)}${one('B', 2)}}\n`;
    expect(said(text)).toEqual([
      "1:1 error: missing '}': the block vrrp_instance A (line 1) is never closed; add '}' before line 7",
    ]);
    expect(names(text)).toEqual(['A', 'B']);
  });

  it('is not suspected in a file whose braces add up: there a word is in the wrong place', () => {
    expect(said(instanceWith('authentication {', 'priority 5', '}'))).toEqual([
      "5:1 warning: unknown keyword 'priority' in authentication; 'priority' belongs in vrrp_instance",
    ]);
  });
});

describe("a '}' too many", () => {
  it('at the top level is named and nothing else', () => {
    const text = `global_defs {\n}\n}\n${instanceWith()}`;
    expect(said(text)).toEqual(["3:1 error: one '}' too many: no block is open that it could close; remove it"]);
    expect(names(text)).toEqual(['VI_1']);
  });

  it('after an inner block is found by its indentation', () => {
    const text = [
      'vrrp_instance V {',
      '  interface eth0',
      '  authentication {',
      '  }',
      '  }',
      '  virtual_router_id 5',
      '  virtual_ipaddress { 1.2.3.4 }',
      '}',
    ].join('\n');
    expect(said(text)).toEqual(["5:3 error: one '}' too many: no block is open that it could close; remove it"]);
    expect(names(text)).toEqual(['V']);
  });
});

describe("a missing '{'", () => {
  it('is read as if it were there', () => {
    const text = 'vrrp_instance V\n interface eth0\n virtual_router_id 5\n virtual_ipaddress { 1.2.3.4 }\n}\n';
    expect(said(text)).toEqual(["1:1 error: missing '{' after vrrp_instance V; read as if it were there"]);
    expect(names(text)).toEqual(['V']);
  });

  it('does not make the next keyword an address', () => {
    const text = instanceWith('virtual_ipaddress_excluded 1.2.3.4', 'priority 50');
    expect(said(text)).toEqual([
      '4:1 error: virtual_ipaddress_excluded needs a block in braces; write virtual_ipaddress_excluded { 1.2.3.4 }',
    ]);
    expect(instanceOf('virtual_ipaddress_excluded 1.2.3.4', 'priority 50')).toMatchObject({
      excludedAddresses: [],
      priority: 50,
    });
  });
});

describe("a '{' that belongs to nothing", () => {
  it.each([
    ['with its brace', ['interface eth1 {', 'priority 7', '}']],
    ['without', ['interface eth1 {', 'priority 7']],
  ])('%s does not hide what follows', (_name, lines) => {
    expect(said(instanceWith(...lines)).filter((line) => line.includes('error'))).toEqual([
      "4:16 error: 'interface' does not open a block; the braces are read as if they were not there",
    ]);
    expect(instanceOf(...lines)).toMatchObject({ priority: 7, virtualAddresses: [{ address: '192.168.4.15' }] });
  });
});

describe('// comments', () => {
  it('are read as comments wherever they cannot be a value, and named once', () => {
    const text = [
      '// first line {',
      'global_defs { //a',
      '  router_id x //b "',
      '} //c',
      'vrrp_instance V //d',
      '{',
      '  interface eth0 // 接口',
      '  virtual_router_id 5 // }',
      '  nopreempt //e',
      '  virtual_ipaddress { //f',
      '    1.2.3.4 //g',
      '  } //h',
      '}',
    ].join('\n');
    expect(said(text)).toEqual([
      "1:1 warning: '//' is not a comment for keepalived; 11 lines have it; comments start with # or !; " +
        'it is read as one here',
    ]);
    expect(names(text)).toEqual(['V']);
  });

  it.each([
    ['after a value', instanceWith('priority 5 // x'), 0],
    ['after a word that stands alone', instanceWith('nopreempt // x'), 0],
    ['after a mail address', 'global_defs {\nnotification_email {\na@example.org // x\n}\n}\n', 0],
    ['after a value, with a brace', instanceWith('priority 5 // }'), 5],
    ['after an address', instanceWith('virtual_ipaddress_excluded {', '1.2.3.4 // x', '}'), 5],
    ['after a brace', instanceWith('authentication { // x', '}'), 5],
    ['after a closing brace', instanceWith('authentication {', '} // x'), 5],
    ['in a line of their own', instanceWith('// x'), 5],
    ['after lb_kind, which looks at every word', serviceWith('lb_kind NAT // x'), 5],
  ])('%s count as keepalived counts them', (_name, text, exitCode) => {
    expect(read(text).exitCode).toBe(exitCode);
    expect(said(text).filter((line) => !line.includes('note:'))).toHaveLength(1);
  });

  it('leave a password that starts with two slashes alone', () => {
    const lines = ['authentication {', 'auth_type PASS', 'auth_pass //x', '}'];
    expect(instanceOf(...lines)?.authentication).toEqual({ type: 'PASS', password: '//x' });
  });

  it('leave a path that starts with two slashes alone', () => {
    expect(instanceOf('notify_master //usr/bin/x')?.notify.master).toEqual({ command: ['//usr/bin/x'] });
    expect(said(instanceWith('notify_master //usr/bin/x'))).toEqual([]);
  });
});

describe('nesting', () => {
  it('is bounded, and said once', () => {
    expect(said(`${'{'.repeat(50)}${'}'.repeat(50)}`).at(-1)).toBe(
      '1:32 error: blocks are nested too deep; what is inside is skipped',
    );
  });
});
