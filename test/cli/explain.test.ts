/** `holdfast config explain`. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { explain } from '../../src/cli/explain.ts';

afterEach(() => vi.restoreAllMocks());

function run(word: string, json = false) {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      said[stream] += chunk;
      return true;
    });
  }
  return { status: explain(word, { json }), ...said };
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

  it('finds a keyword by another spelling, in every block', () => {
    const { stdout } = run('lb_algo');
    expect(stdout).toMatch(/^lvs_sched\n/);
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
});
