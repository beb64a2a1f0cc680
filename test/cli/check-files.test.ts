/** `holdfast check` with several files: what it prints and ends with. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { checkFiles } from '../../src/cli/check-files.ts';

const CONFIG = join(import.meta.dirname, '../../config/vrrp-pair');
const directory = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Writes the sample pair, with something replaced in the second one. */
function pair(from = '', to = ''): [string, string] {
  const files: [string, string] = [join(directory, 'web1.conf'), join(directory, 'web2.conf')];
  writeFileSync(files[0], readFileSync(join(CONFIG, 'web1.conf')));
  writeFileSync(files[1], readFileSync(join(CONFIG, 'web2.conf'), 'utf8').replace(from, to));
  return files;
}

function run(files: readonly string[], options: { json?: true; strict?: true; separate?: true } = {}) {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  const status = checkFiles(files, { json: false, strict: false, separate: false, ...options });
  return { status, text: text.replaceAll(`${directory}/`, '') };
}

describe('holdfast check with two files', () => {
  it('a correct pair is ok', () => {
    expect(run(pair())).toEqual({ status: 0, text: 'web1.conf: ok\nweb2.conf: ok\ntogether: ok\n' });
  });

  it('an error between the files ends with 5, and the sentence names the lines', () => {
    expect(run(pair('virtual_router_id 51', 'virtual_router_id 52'))).toEqual({
      status: 5,
      text:
        'web1.conf: ok\nweb2.conf: ok\n' +
        'web1.conf:14, web2.conf:10: error: VI_1: web1 has virtual_router_id 51 and web2 virtual_router_id 52: ' +
        'each takes itself for the only router, and both are MASTER of 192.168.4.80 at once [vrid]\n' +
        'together: 1 error\n',
    });
  });

  it('a warning ends with 5 as in -t, a note with --strict only', () => {
    expect(run(pair('priority 50', 'priority 100')).status).toBe(5);
    const [first, second] = pair('advert_int 1', 'advert_int 2\n    version 3');
    writeFileSync(first, readFileSync(first, 'utf8').replace('advert_int 1', 'advert_int 1\n    version 3'));
    const bare = (file: string) =>
      writeFileSync(file, readFileSync(file, 'utf8').replace(/authentication {[^}]*}/, ''));
    [first, second].forEach(bare);
    expect(run([first, second], { json: true }).text).toContain('"code": "advert-int"');
    expect(run([first, second]).status).toBe(0);
    expect(run([first, second], { strict: true }).status).toBe(5);
  });

  it('--json carries the findings', () => {
    const { text } = run(pair('advert_int 1', 'advert_int 2'), { json: true });
    const { findings } = JSON.parse(text) as { findings: { code: string; places: unknown }[] };
    expect(findings.map(({ code, places }) => ({ code, places }))).toEqual([
      {
        code: 'advert-int',
        places: [
          { file: 'web1.conf', line: 18 },
          { file: 'web2.conf', line: 12 },
        ],
      },
    ]);
  });

  it('--separate takes each file by itself', () => {
    const { status, text } = run(pair('advert_int 1', 'advert_int 2'), { separate: true, json: true });
    expect({ status: status === 0 || status === 5, findings: 'findings' in JSON.parse(text) }).toEqual({
      status: true,
      findings: false,
    });
  });

  it('a file that cannot be read ends with 6, and the same file twice is one file', () => {
    const [first] = pair();
    expect(run([first, join(directory, 'none.conf')]).status).toBe(6);
    expect(run([first, first]).text).not.toContain('together');
  });

  /** One file for both nodes. */
  const BOTH = `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    @lb1 priority 100
    @lb2 priority 90
    @lb2 advert_int 2
    virtual_ipaddress {
        10.0.0.10
    }
}
`;

  it('FILE@ID reads the lines of one node, which is called by its id', () => {
    const file = join(directory, 'both.conf');
    writeFileSync(file, BOTH);
    const { status, text } = run([`${file}@lb1`, `${file}@lb2`]);
    expect({ status, finding: text.split('\n')[2] }).toEqual({
      status: 5,
      finding:
        "both.conf:1, both.conf:6: error: VI_1: lb1 has advert_int 1 s and lb2 advert_int 2 s: in version 2 each discards the other's advertisements, and both become MASTER of 10.0.0.10 at once [advert-int]",
    });
    writeFileSync(file, BOTH.replace('@lb2 advert_int 2', ''));
    expect(run([`${file}@lb1`, `${file}@lb2`]).status).toBe(0);
  });

  it('a file of that very name is read as it is', () => {
    const files = ['a@lb1', 'b@lb2'].map((name) => join(directory, name));
    for (const [i, file] of files.entries())
      writeFileSync(file, BOTH.replace(/@lb2.*\n/g, '').replace('@lb1 priority 100', `priority ${i + 1}`));
    expect(run(files).status).toBe(0);
  });

  it('without an id the name of the file or of its folder tells which lines are meant', () => {
    for (const id of ['lb1', 'lb2']) {
      mkdirSync(join(directory, id), { recursive: true });
      writeFileSync(join(directory, id, 'keepalived.conf'), BOTH);
      writeFileSync(join(directory, `${id}.conf`), BOTH);
    }
    for (const files of [
      ['lb1.conf', 'lb2.conf'],
      ['lb1/keepalived.conf', 'lb2/keepalived.conf'],
    ]) {
      const { text } = run(files.map((file) => join(directory, file)));
      expect(text).toContain('has advert_int 1 s and');
    }
  });

  it('what is wrong in a file that both include is said once', () => {
    const common = join(directory, 'common.inc');
    writeFileSync(common, 'vrrp_script chk {\n    interwal 2\n}\n');
    const files = pair();
    for (const file of files) writeFileSync(file, `include common.inc\n${readFileSync(file, 'utf8')}`);
    expect(run(files).text.split('interval?').length - 1).toBe(1);
  });

  it('of many findings of one kind some are printed and the others counted', () => {
    const all = (priority: number) =>
      Array.from(
        { length: 30 },
        (_, i) =>
          `vrrp_instance V${i} {\ninterface eth0\nvirtual_router_id ${i + 1}\npriority ${priority}\nvirtual_ipaddress {\n10.0.0.${i + 1}\n}\n}\n`,
      ).join('');
    const files = ['x.conf', 'y.conf'].map((name) => join(directory, name));
    for (const file of files) writeFileSync(file, all(100));
    const { text } = run(files);
    expect(text.split('[equal-priority]').length - 1).toBe(21);
    expect(text).toContain('and 10 more of [equal-priority]; --json has all\ntogether: 30 warnings\n');
  });
});
