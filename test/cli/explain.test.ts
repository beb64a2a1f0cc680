/** `holdfast config explain`. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { explainKeyword, keywordsOf } from '../../src/config/documentation.ts';
import { keywordDocumentation } from '../../src/daemon/keyword-documentation.ts';

afterEach(() => vi.restoreAllMocks());

function run(words: string | readonly string[], json = false) {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      said[stream] += chunk;
      return true;
    });
  }
  return { status: explain([words].flat(), { json }), ...said };
}

describe('holdfast config explain', () => {
  it('tells where a keyword belongs and what it takes', () => {
    expect(run('preempt_delay')).toEqual({
      status: 0,
      stderr: '',
      stdout: `preempt_delay
  Wait before taking over from a lower priority.
  in        vrrp_instance
  value     seconds from 0 to 1000
  type      a time
  unit      seconds
  range     0 to 1000
  default   0 s
  acted on  yes
`,
    });
  });

  it('says which keepalived first knew it', () => {
    expect(run('owner_ignore_adverts').stdout).toContain(
      '  The owner of the addresses discards advertisements. Since keepalived 2.3.\n',
    );
  });

  it('finds a keyword by another spelling, in every block', () => {
    const { stdout } = run('lb_algo');
    expect(stdout).toMatch(/^lvs_sched, also written lb_algo\n/);
    expect(run('weight').stdout.match(/^weight$/gm)?.length).toBeGreaterThan(2);
  });

  it('an unknown keyword: the nearest one, and status 1', () => {
    expect(run('prioritty')).toEqual({
      status: 1,
      stdout: '',
      stderr: "holdfast: unknown keyword 'prioritty': did you mean priority?\n",
    });
  });

  it('--json gives the documentation as data', () => {
    expect(JSON.parse(run('nopreempt', true).stdout)).toMatchObject({
      version: 1,
      found: [{ word: 'nopreempt', blocks: [['vrrp_instance']], facts: { kind: 'flag' }, default: 'off' }],
    });
  });

  it('of a keyword that several blocks have, the one that is asked for', () => {
    const { stdout } = run(['real_server', 'weight']);
    expect(stdout).toContain('  in        real_server of virtual_server\n');
    expect(stdout).toContain('  default   as in virtual_server\n');
    expect(stdout.match(/^weight$/gm)?.length).toBe(1);
    expect(run('real_server.weight').stdout).toBe(stdout);
    expect(run('weight').stdout).toContain('for one of them: holdfast config explain vrrp_script weight\n');
    expect(run(['global_defs', 'weight'])).toMatchObject({ status: 1 });
  });

  it('the default is the one that counts: worked out, or of another block', () => {
    const defaultOf = (...words: string[]) => /default +(.*)/.exec(run(words).stdout)?.[1];
    expect(defaultOf('vrrp_instance', 'priority')).toBe('100');
    expect(defaultOf('garp_master_delay')).toBe('as vrrp_garp_master_delay of global_defs');
    expect(defaultOf('garp_lower_prio_repeat')).toBe('as vrrp_garp_lower_prio_repeat of global_defs');
    expect(defaultOf('lb_algo')).toBe('wlc');
    expect(defaultOf('protocol')).toBe('UDP');
    expect(defaultOf('TCP_CHECK', 'connect_timeout')).toBe('as in real_server');
    expect(defaultOf('virtual_router_id')).toBe('none, it is required');
  });

  it('a block tells its keywords', () => {
    expect(run('authentication').stdout).toContain('  keywords  auth_type, auth_pass\n');
  });

  it('the words of a line, and of the language itself', () => {
    expect(run('label').stdout).toContain('virtual_ipaddress of vrrp_instance');
    expect(run(['virtual_rules', 'sup_pl']).status).toBe(0);
    expect(run('includem').stdout).toMatch(/^include\n/);
    expect(run('$VIP').stdout).toMatch(/^\$NAME\n/);
    expect(run('@lb1').stdout).toMatch(/^@ID\n/);
  });

  it('a part of a keyword: those that have it', () => {
    expect(run('garp_lower').stderr).toBe(
      "holdfast: unknown keyword 'garp_lower': there are garp_lower_prio_delay, garp_lower_prio_repeat, " +
        'vrrp_garp_lower_prio_delay, vrrp_garp_lower_prio_repeat\n',
    );
    expect(run('elephant').stderr).toBe("holdfast: unknown keyword 'elephant': docs/keywords.md has all of them\n");
  });

  it('every word of the tables, and every other spelling, is explained', () => {
    const all = keywordDocumentation();
    const unexplained = keywordsOf(all).filter((word) => explainKeyword(all, word).found.length === 0);
    expect(unexplained).toEqual([]);
    expect(all.filter(({ doc }) => doc.length < 5)).toEqual([]);
  });
});
