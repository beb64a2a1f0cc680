/** holdfast beside a keepalived that it cannot agree with. matrix.test.ts has the pairs that do. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../lab/process.ts';
import { instanceText, Stage, VIP } from './election.ts';
import { sides } from './pair.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

it('with another password both are MASTER, as the protocol has it, and holdfast says why', async () => {
  const withPassword = (priority: number, password: string) =>
    instanceText(priority, `authentication {\n auth_type PASS\n auth_pass ${password}\n }`)
      .replace('version 3', 'version 2')
      .replace(/advert_int .*/, 'advert_int 1');
  const ours = stage.pair.agent('a', 'holdfast', withPassword(150, 'one'));
  ours.start();
  stage.pair.agent('b', 'keepalived', withPassword(100, 'two')).start();
  await until('both hold the address', 30_000, async () =>
    (await stage.pair.holders(VIP)).length === sides.length ? true : undefined,
  );
  expect(await ours.says('another auth_pass than ours')).toContain('two masters follow');
});
