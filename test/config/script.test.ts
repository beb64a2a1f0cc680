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

  it.each([
    [String.raw`a\x41b \101c`, ['a\x1b', 'Ac']],
    [String.raw`'a\nb'`, ['a\nb']],
    [String.raw`a\qb\$c`, ['aqb$c']],
    [`a'b c'd a"b c"d`, ['ab cd', 'ab cd']],
    [String.raw`a\ b`, ['a b']],
    [`'' "" x`, ['', '', 'x']],
    ['$HOME *', ['$HOME', '*']],
    [String.raw`\cA`, ['\x01']],
    [`it's`, []],
    ['a "b', []],
    ['a \\', []],
  ])('%s is %j', (line, expected) => {
    expect(splitCommand(line)).toEqual(expected);
  });

  it('is written so that it is read as the same', () => {
    const command = ['/bin/x', 'a b', "it's", '', 'a\\b', 'say "x"'];
    const [line = ''] = script().writeWords?.({ command }) ?? [];
    expect(instanceOf(`notify "${line}"`)?.notify.any).toEqual({ command });
  });
});

/** What keepalived 2.2.7 makes of `notify …`, as its dump shows it. */
describe('the line of a command', () => {
  it.each([
    [String.raw`"/x master 'a b' \"c d\""`, ['/x', 'master', 'a b', 'c d']],
    [`'/x a b'`, ['/x', 'a', 'b']],
    [`'/x "a  b" c'`, ['/x', 'a  b', 'c']],
    [String.raw`/x\ a`, ['/x', 'a']],
    [`/x" a b"`, ['/x', 'a', 'b']],
    [String.raw`"/x a\ b c\nd"`, ['/x', 'a', 'b', 'c', 'd']],
    [String.raw`"/x a\\\\b"`, ['/x', 'a\\b']],
    [String.raw`"/x \"a \\\"q\\\" b\" c"`, ['/x', 'a "q" b', 'c']],
    [`"/x #x !y {z}"`, ['/x', '#x', '!y', '{z}']],
    [`"  /x   a   b  "`, ['/x', 'a', 'b']],
  ])('%s is %j', (written, command) => {
    expect(instanceOf(`notify ${written}`)?.notify.any).toEqual({ command });
    expect(instanceOf(`notify ${written} nobody nogroup`)?.notify.any).toEqual({
      command,
      user: 'nobody',
      group: 'nogroup',
    });
  });

  it('with a quotation mark that is open is read to its end', () => {
    expect(instanceOf('notify "/x a')?.notify.any).toEqual({ command: ['/x', 'a'] });
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
