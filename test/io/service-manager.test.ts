import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { milliseconds } from '../../src/base/time.ts';
import { now } from '../../src/io/clock.ts';
import { AF_UNIX, SOCK_DGRAM } from '../../src/io/constants.ts';
import { type NativeSocket, native } from '../../src/io/native.ts';
import { ServiceManager } from '../../src/io/service-manager.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

/** A manager that listens at a path or an abstract name, and the agent's side of it. */
function manager(place: string): { listener: NativeSocket; service: ServiceManager } {
  const listener = new (native().Socket)(AF_UNIX, SOCK_DGRAM, 0);
  listener.bind({ family: 'unix', path: place.replace(/^@/, '\0') });
  const service = new ServiceManager({ NOTIFY_SOCKET: place });
  cleanUp.push(
    () => listener.close(),
    () => service.close(),
  );
  return { listener, service };
}

let names = 0;
const abstractName = (): string => `@holdfast-notify-${process.pid}-${names++}`;
const received = ({ listener }: { listener: NativeSocket }): string | undefined => {
  const message = listener.receive();
  return message && Buffer.from(message.bytes).toString();
};

describe('ServiceManager', () => {
  it('tells readiness, status, reload, stop and life to an abstract socket', () => {
    const side = manager(abstractName());
    const before = now();
    side.service.ready('2 instances');
    side.service.status('MASTER: VI_1');
    side.service.watchdog();
    side.service.stopping();
    side.service.reloading();
    expect([received(side), received(side), received(side), received(side)]).toEqual([
      'READY=1\nSTATUS=2 instances',
      'STATUS=MASTER: VI_1',
      'WATCHDOG=1',
      'STOPPING=1',
    ]);
    const reloading = received(side)?.match(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/)?.[1];
    expect(Number(reloading)).toBeGreaterThanOrEqual(before);
    expect(Number(reloading)).toBeLessThanOrEqual(now());
    expect(received(side)).toBeUndefined();
  });

  it('tells it to a path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    cleanUp.push(() => rmSync(folder, { recursive: true }));
    const side = manager(join(folder, 'notify'));
    side.service.watchdog();
    expect(received(side)).toBe('WATCHDOG=1');
  });

  it('keeps a status on one line', () => {
    const side = manager(abstractName());
    side.service.status('first\r\nSTOPPING=1\n');
    expect(received(side)).toBe('STATUS=first STOPPING=1');
  });

  it('says nothing without $NOTIFY_SOCKET, nor to a kind of socket that it does not know', () => {
    for (const place of [undefined, '', 'relative', 'vsock:2:1234']) {
      const service = new ServiceManager({ NOTIFY_SOCKET: place });
      service.ready('x');
      service.close();
    }
  });

  it('survives a manager that is away, full or takes no such path', () => {
    const away = new ServiceManager({ NOTIFY_SOCKET: '/nonexistent/notify' });
    away.ready('x');
    away.close();
    const full = manager(abstractName());
    for (let i = 0; i < 10_000; i++) full.service.watchdog();
    expect(received(full)).toBe('WATCHDOG=1');
    full.service.close();
    full.service.close();
  });

  it('is found again when the manager listens anew', () => {
    const place = abstractName();
    const { listener, service } = manager(place);
    listener.close();
    service.watchdog();
    const again = manager(place);
    service.stopping();
    expect(received(again)).toBe('STOPPING=1');
  });
});

describe('ServiceManager.watchdogInterval', () => {
  it.each([
    ['no watchdog', {}, undefined],
    ['our watchdog', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '42' }, milliseconds(2_000)],
    ['a watchdog for whoever', { WATCHDOG_USEC: '1' }, 1],
    ['the watchdog of another process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '43' }, undefined],
    ['zero', { WATCHDOG_USEC: '0' }, undefined],
    ['no number', { WATCHDOG_USEC: '2s' }, undefined],
    ['infinity', { WATCHDOG_USEC: '18446744073709551615' }, undefined],
  ])('of %s', (_, environment, interval) => {
    expect(new ServiceManager(environment, 42).watchdogInterval).toBe(interval);
  });
});
