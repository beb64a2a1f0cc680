/**
 * What the outside is told, holdfast beside keepalived: the same lines on the FIFO, the same scripts with the same arguments
 * in each state, for instances and a group, when the same things happen to both.
 */
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { native } from '../../src/io/native.ts';
import { until } from '../lab/process.ts';
import { Pair } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

let pair: Pair;
let fd: number | undefined;

beforeEach(async () => {
  pair = await Pair.build({ second: true });
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') {
    for (const agent of pair.agents) process.stderr.write(`${agent.lines.slice(-60).join('\n')}\n---\n`);
  }
  if (fd !== undefined) closeSync(fd);
  fd = undefined;
  await pair.close();
});

/** Everything that is told in a life of an agent: become MASTER, change the priority, lose and regain the link, stop. */
async function told(name: PairAgentName) {
  const inside = (file: string) => join(pair.directory, `${name}-${file}`);
  const [fifo, out, number] = [inside('fifo'), inside('out'), inside('number')];
  const script = inside('script.sh');
  // one write a line: keepalived runs scripts beside each other
  const lineOf = 'line=; for a in "$@"; do line="$line<$a>"; done';
  writeFileSync(script, `#!/bin/sh\n${lineOf}\necho "$line" >> ${out}\n`, { mode: 0o755 });
  writeFileSync(out, '');
  writeFileSync(number, '0\n');
  native().makeFifo(fifo, 0o600);
  fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const all = (who: string) =>
    ['master', 'backup', 'fault', 'stop']
      .map((state) => ` notify_${state} "${script} ${who} ${state} 'a b' \\"c\\""`)
      .concat(` notify '${script} ${who}-any'`)
      .join('\n');
  const instance = (i: number) => `vrrp_instance VI_${i} {
 state BACKUP
 interface eth${i}
 virtual_router_id 5${i}
 priority 200
 advert_int 1
 virtual_ipaddress {
  10.1.${i}.1
 }
${all(`i${i}`)}
}
`;
  const agent = pair.agent(
    'a',
    name,
    `global_defs {
 script_user root
 vrrp_notify_fifo ${fifo}
 vrrp_notify_priority_changes
}
track_file number {
 file ${number}
}
vrrp_sync_group G {
 group {
  VI_0
  VI_1
 }
 track_file {
  number weight 1
 }
 sync_group_tracking_weight
${all('group')}
}
${instance(0)}${instance(1)}`,
  );
  let text = '';
  const lines = () => {
    const buffer = Buffer.alloc(4096);
    try {
      text += buffer.toString('utf8', 0, readSync(fd as number, buffer));
    } catch {
      // nothing new
    }
    return text.split('\n').slice(0, -1);
  };
  const after = (what: string, count: number) =>
    until(`${name} tells ${what}`, 15_000, () =>
      lines().filter((line) => line === what).length >= count ? true : undefined,
    );
  agent.start();
  await after('GROUP "G" MASTER 0', 1);
  writeFileSync(number, '-20\n');
  await after('INSTANCE "VI_1" MASTER_PRIORITY 180', 1);
  await after('INSTANCE "VI_0" MASTER_PRIORITY 180', 1);
  await pair.ip('a', 'link set eth1 down');
  await after('GROUP "G" FAULT 0', 1);
  await pair.ip('a', 'link set eth1 up', 'address replace 10.0.0.5/24 dev eth1');
  await after('GROUP "G" MASTER 0', 2);
  await agent.stop();
  const scripts = () => (existsSync(out) ? readFileSync(out, 'utf8').trim().split('\n') : []);
  return { lines: lines(), scripts: scripts() };
}

/** Those of one subject, in their order: between subjects keepalived's own order is one of chance. */
const of = (lines: readonly string[], subject: RegExp) => lines.filter((line) => subject.test(line));

it('tells FIFOs and scripts what keepalived tells them', async () => {
  const theirs = await told('keepalived');
  const ours = await told('holdfast');
  for (const subject of [/"VI_0"/, /"VI_1"/, /"G"/]) expect(of(ours.lines, subject)).toEqual(of(theirs.lines, subject));
  // keepalived starts the scripts of a state at once: which of the two comes first is chance
  expect([...ours.scripts].sort()).toEqual([...theirs.scripts].sort());
  // ours come in order: that of the state, then the one for all
  for (const who of ['i0', 'i1', 'group']) {
    const states = of(ours.scripts, new RegExp(`^<${who}(-any)?>`));
    for (let i = 0; i < states.length; i += 2) {
      expect(states[i]).toMatch(new RegExp(`^<${who}><`));
      expect(states[i + 1]).toMatch(new RegExp(`^<${who}-any><`));
    }
  }
});
