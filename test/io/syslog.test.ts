import { afterEach, describe, expect, it } from 'vitest';
import { AF_UNIX, SOCK_DGRAM } from '../../src/io/constants.ts';
import { type NativeSocket, native } from '../../src/io/native.ts';
import { formatSyslog, openSyslog, type Syslog } from '../../src/io/syslog.ts';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

let names = 0;
const abstractName = (): string => `\0holdfast-syslog-${process.pid}-${names++}`;
const daemon = (path: string): NativeSocket => {
  const socket = new (native().Socket)(AF_UNIX, SOCK_DGRAM, 0);
  socket.bind({ family: 'unix', path });
  opened.push(socket);
  return socket;
};
const client = (path: string, facility: string | number = 'daemon'): Syslog => {
  const syslog = openSyslog({ ident: 'holdfast', facility, path });
  opened.push(syslog);
  return syslog;
};
const received = (socket: NativeSocket): string | undefined => {
  const message = socket.receive();
  return message && Buffer.from(message.bytes).toString();
};

describe('formatSyslog', () => {
  const line = { facility: 3, severity: 5, at: new Date(2026, 0, 7, 4, 5, 6), tag: 'holdfast[42]', message: 'a' };
  const text = (change: Partial<typeof line>): string => Buffer.from(formatSyslog({ ...line, ...change })).toString();

  it('writes priority, local time, tag and message (RFC 3164 §4.1)', () => {
    expect(text({})).toBe('<29>Jan  7 04:05:06 holdfast[42]: a');
    expect(text({ facility: 23, severity: 7, at: new Date(2026, 11, 31, 23, 59, 59) })).toBe(
      '<191>Dec 31 23:59:59 holdfast[42]: a',
    );
  });

  it('keeps a message on one line', () => {
    expect(text({ message: 'a\n<0>b\u0000\u001b[31m\n' })).toBe('<29>Jan  7 04:05:06 holdfast[42]: a <0>b [31m');
  });

  it('cuts at 8192 bytes, between characters', () => {
    const head = '<29>Jan  7 04:05:06 holdfast[42]: '.length;
    expect(text({ message: 'x'.repeat(9_000) })).toHaveLength(8_192);
    const wide = formatSyslog({ ...line, message: `${'x'.repeat(8_192 - head - 1)}ä` });
    expect(wide).toHaveLength(8_191);
    expect(formatSyslog({ ...line, message: `${'x'.repeat(8_192 - head - 2)}ä` })).toHaveLength(8_192);
  });
});

describe('openSyslog', () => {
  it.each([
    ['daemon', 3],
    ['user', 1],
    ['local0', 16],
    ['7', 23],
    [1, 17],
    ['8', 3],
    ['constructor', 3],
  ])('sends under the facility %s as number %s', (facility, number) => {
    const path = abstractName();
    const listener = daemon(path);
    client(path, facility).write(6, 'ready');
    const expected = new RegExp(
      `^<${number * 8 + 6}>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d holdfast\\[${process.pid}\\]: ready$`,
    );
    expect(received(listener)).toMatch(expected);
  });

  it('drops and counts what nobody takes, and is heard again by a new daemon', () => {
    const path = abstractName();
    const syslog = client(path);
    syslog.write(6, 'lost');
    expect(syslog.dropped).toBe(1);
    const listener = daemon(path);
    syslog.write(6, 'kept');
    expect([received(listener)?.endsWith(': kept'), syslog.dropped]).toEqual([true, 1]);
  });

  it('never waits for a daemon that does not read', () => {
    const path = abstractName();
    const listener = daemon(path);
    const syslog = client(path);
    for (let i = 0; i < 5_000; i++) syslog.write(6, `line ${i}`);
    let taken = 0;
    while (received(listener) !== undefined) taken += 1;
    expect(taken).toBeGreaterThan(0);
    expect(taken + syslog.dropped).toBe(5_000);
  });

  it('drops what is written after close', () => {
    const path = abstractName();
    daemon(path);
    const syslog = client(path);
    syslog.close();
    syslog.close();
    syslog.write(6, 'late');
    expect(syslog.dropped).toBe(1);
  });
});
