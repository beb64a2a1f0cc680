/** Commands in a configuration. */
import { describe, expect, it } from 'vitest';
import { script, splitCommand } from '../../src/config/script.ts';
import { instanceOf } from './reading.ts';

describe('a command line', () => {
  it('is split at blanks, but not inside quotation marks', () => {
    expect(splitCommand('/bin/x  a "b c" \'d e\' f"g"h')).toEqual(['/bin/x', 'a', 'b c', 'd e', 'fgh']);
    expect(splitCommand('/bin/x "" \\"')).toEqual(['/bin/x', '', '"']);
    expect(splitCommand('  ')).toEqual([]);
  });

  it('is written so that it is read as the same', () => {
    const command = ['/bin/x', 'a b', "it's", ''];
    expect(splitCommand(script().writeWords?.({ command })[0] ?? '')).toEqual(command);
  });
});

describe('notify', () => {
  it('is a command, then a user and a group', () => {
    expect(instanceOf('notify "/bin/x a" me :us')?.notify.any).toEqual({
      command: ['/bin/x', 'a'],
      user: 'me',
      group: 'us',
    });
    expect(instanceOf('notify_stop /bin/x')?.notify).toEqual({ stop: { command: ['/bin/x'] } });
  });

  it('tells DELETED with or without a command', () => {
    expect(instanceOf('notify_deleted')).toMatchObject({ notifyDeleted: true, notify: {} });
    expect(instanceOf('notify_deleted /bin/x')).toMatchObject({
      notifyDeleted: true,
      notify: { deleted: { command: ['/bin/x'] } },
    });
    expect(instanceOf()).toMatchObject({ notifyDeleted: false });
  });
});
