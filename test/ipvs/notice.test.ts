import { expect, it } from 'vitest';
import { lvsFifoLine } from '../../src/ipvs/notice.ts';

it('a FIFO gets keepalived’s lines of virtual and real servers', () => {
  const virtualServer = '[10.0.0.1]:tcp:80';
  expect(lvsFifoLine({ subject: 'VS', virtualServer, isUp: true })).toBe('VS [10.0.0.1]:tcp:80 UP\n');
  expect(lvsFifoLine({ subject: 'RS', virtualServer, realServer: '[192.168.0.2]:tcp:80', isUp: false })).toBe(
    'RS [192.168.0.2]:tcp:80 [10.0.0.1]:tcp:80 DOWN\n',
  );
});
