import { describe, expect, it } from 'vitest';
import type { NotifyScripts } from '../../src/vrrp/instance.ts';
import type { VrrpNotice } from '../../src/vrrp/notice.ts';
import { fifoLine, notifyCommands } from '../../src/vrrp/notifications.ts';

const script = (...command: string[]) => ({ command });
const scripts: NotifyScripts = {
  master: script('/m', 'a b'),
  backup: { command: ['/b'], user: 'nobody' },
  fault: script('/f'),
  stop: script('/s'),
  deleted: script('/d'),
  masterLowerPriority: script('/l'),
  any: { command: ['/any', 'x'], user: 'nobody' },
};
const notice = (event: VrrpNotice['event'], priority = 150): VrrpNotice => ({
  subject: 'INSTANCE',
  name: 'VI_1',
  event,
  priority,
});
const lines = (event: VrrpNotice['event'], given = scripts) =>
  notifyCommands(notice(event), given).map(({ keyword, script: { command } }) => [keyword, ...command].join(' '));

describe('scripts', () => {
  it.each([
    ['MASTER', ['notify_master /m a b', 'notify /any x INSTANCE VI_1 MASTER 150']],
    ['BACKUP', ['notify_backup /b', 'notify /any x INSTANCE VI_1 BACKUP 150']],
    ['FAULT', ['notify_fault /f', 'notify /any x INSTANCE VI_1 FAULT 150']],
    ['STOP', ['notify_stop /s', 'notify /any x INSTANCE VI_1 STOP 150']],
    ['DELETED', ['notify_deleted /d', 'notify /any x INSTANCE VI_1 DELETED 150']],
  ] as const)('of %s: its own without further arguments, then the one for all', (event, expected) => {
    expect(lines(event)).toEqual(expected);
  });

  it('of a lower priority: its own and no other', () => {
    expect(lines('MASTER_RX_LOWER_PRI')).toEqual(['notify_master_rx_lower_pri /l']);
  });

  it('there are none of a changed priority', () => {
    expect(lines('MASTER_PRIORITY')).toEqual([]);
    expect(lines('BACKUP_PRIORITY')).toEqual([]);
  });

  it('that are not given are left out', () => {
    expect(lines('MASTER', {})).toEqual([]);
    expect(lines('MASTER', { backup: script('/b') })).toEqual([]);
    expect(lines('MASTER', { any: script('/any') })).toEqual(['notify /any INSTANCE VI_1 MASTER 150']);
    expect(lines('MASTER_RX_LOWER_PRI', { any: script('/any') })).toEqual([]);
  });

  it('keep their user', () => {
    expect(notifyCommands(notice('BACKUP'), scripts).map(({ script: { user } }) => user)).toEqual(['nobody', 'nobody']);
  });

  it('of a group are told priority 0', () => {
    const group: VrrpNotice = { subject: 'GROUP', name: 'G 1', event: 'MASTER', priority: 0 };
    expect(notifyCommands(group, { any: script('/any') })[0]?.script.command).toEqual([
      '/any',
      'GROUP',
      'G 1',
      'MASTER',
      '0',
    ]);
  });
});

describe('a FIFO gets keepalived’s line', () => {
  it.each([
    [notice('MASTER'), 'INSTANCE "VI_1" MASTER 150\n'],
    [notice('BACKUP_PRIORITY', 110), 'INSTANCE "VI_1" BACKUP_PRIORITY 110\n'],
    [notice('MASTER_RX_LOWER_PRI'), 'INSTANCE "VI_1" MASTER_RX_LOWER_PRI 150\n'],
    [{ subject: 'GROUP', name: 'G1', event: 'FAULT', priority: 0 } as const, 'GROUP "G1" FAULT 0\n'],
  ])('%j', (given, expected) => {
    expect(fifoLine(given)).toBe(expected);
  });
});
