import { expect, it } from 'vitest';
import { ElectionLog } from '../../src/daemon/election-log.ts';
import type { Holder } from '../../src/daemon/holder.ts';

it('an advertisement that finds no link is no error; anything else that fails is', () => {
  const levels: string[] = [];
  const channel = { log: (level: string) => void levels.push(level) } as unknown as ConstructorParameters<
    typeof ElectionLog
  >[0];
  const log = new ElectionLog(channel);
  const holder = { title: 'VI_1', fields: {} } as unknown as Holder;
  const fail = (effect: string, code: string) =>
    log.effectFailed(holder, effect, Object.assign(new Error(code), { code }));
  for (const code of ['ENETUNREACH', 'ENETDOWN', 'ENODEV', 'EPERM']) fail('send-advertisement', code);
  fail('add-address', 'ENODEV');
  expect(levels).toEqual(['notice', 'notice', 'notice', 'error', 'error']);
});
