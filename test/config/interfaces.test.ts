import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/daemon/root.ts';

const instance = (extra = '') => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 virtual_ipaddress {
  192.0.2.1
  192.0.2.2 dev eth1
 }
}
${extra}`;

const read = (text: string, ...present: string[]) =>
  readConfiguration('x.conf', () => text, { interfaceExists: (name) => present.includes(name) });

describe('interfaces of a configuration', () => {
  it('that the host has are nothing to talk about', () => {
    expect(read(instance(), 'eth0', 'eth1')).toMatchObject({ diagnostics: [], exitCode: 0 });
  });

  it('that the host does not have are named where they stand, and the instance waits for them', () => {
    const { diagnostics, exitCode, configuration } = read(instance());
    expect(diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '2:12 interface eth0 does not exist on this host',
      '6:3 interface eth1 of 192.0.2.2 does not exist on this host',
    ]);
    expect(exitCode).toBe(5);
    expect(configuration.instances.map(({ name }) => name)).toEqual(['VI_1']);
  });

  it('are not looked for with dynamic_interfaces (keepalived.conf(5) "dynamic_interfaces")', () => {
    const { diagnostics, exitCode } = read(instance('global_defs {\n dynamic_interfaces\n}\n'));
    expect(diagnostics.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(exitCode).toBe(0);
  });
});
