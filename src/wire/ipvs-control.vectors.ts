/** IPVS messages about version, timeouts and the sync daemon. */

import { seconds } from '../base/time.ts';
import type { DaemonCommand, IpvsInfo, IpvsTimeouts } from './ipvs-control.ts';
import { KEEPALIVED, type MessageVector } from './vector.ts';

/** The family had the number 32; the answers have no flags. */
const answer = { type: 32, flags: 0 } as const;
const request = { type: 32, flags: 5 } as const;

export const infoVectors: readonly MessageVector<IpvsInfo>[] = [
  {
    name: 'answer to GET_INFO',
    source: KEEPALIVED,
    bytes: '24000000 2000 0000 38f9006b d2004027 0e010000 0800010001020100 0800020000100000',
    value: {
      ...answer,
      sequence: 0x6b00f938,
      portId: 0x274000d2,
      body: { version: '1.2.1', connectionTableSize: 4096 },
    },
  },
];

export const timeoutVectors: readonly MessageVector<IpvsTimeouts>[] = [
  {
    name: 'answer to GET_CONFIG',
    source: KEEPALIVED,
    bytes: '2c000000 2000 0000 39f9006b d2004027 0c010000 0800040084030000 0800050078000000 080006002c010000',
    value: {
      ...answer,
      sequence: 0x6b00f939,
      portId: 0x274000d2,
      body: { tcp: seconds(900), tcpFin: seconds(120), udp: seconds(300) },
    },
  },
  {
    name: 'SET_CONFIG of lvs_timeouts tcp 7200 tcpfin 120 udp 300',
    source: KEEPALIVED,
    bytes: '2c000000 2000 0500 3af9006b d2004027 0c010000 08000400201c0000 0800050078000000 080006002c010000',
    value: {
      ...request,
      sequence: 0x6b00f93a,
      portId: 0x274000d2,
      body: { tcp: seconds(7200), tcpFin: seconds(120), udp: seconds(300) },
    },
  },
];

export const daemonVectors: readonly MessageVector<DaemonCommand>[] = [
  {
    name: 'start: NEW_DAEMON backup',
    source: KEEPALIVED,
    bytes:
      '34000000 2000 0500 39f9006b d3004027 09010000 20000380 0800010002000000 090002006574683000000000 0800030033000000',
    value: {
      ...request,
      sequence: 0x6b00f939,
      portId: 0x274000d3,
      body: { command: 'new-daemon', state: 'backup', interface: 'eth0', syncId: 51 },
    },
  },
  {
    name: 'becoming master: DEL_DAEMON backup',
    source: KEEPALIVED,
    bytes: '28000000 2000 0500 3af9006b d3004027 0a010000 14000380 0800010002000000 0800030033000000',
    value: {
      ...request,
      sequence: 0x6b00f93a,
      portId: 0x274000d3,
      body: { command: 'delete-daemon', state: 'backup', syncId: 51 },
    },
  },
  {
    name: 'becoming master: NEW_DAEMON master',
    source: KEEPALIVED,
    bytes:
      '34000000 2000 0500 3bf9006b d3004027 09010000 20000380 0800010001000000 090002006574683000000000 0800030033000000',
    value: {
      ...request,
      sequence: 0x6b00f93b,
      portId: 0x274000d3,
      body: { command: 'new-daemon', state: 'master', interface: 'eth0', syncId: 51 },
    },
  },
  {
    name: 'reload: NEW_DAEMON without an interface, which the kernel refuses',
    source: KEEPALIVED,
    bytes: '30000000 2000 0500 54f9006b d300004a 09010000 1c000380 0800010001000000 0500020000000000 0800030000000000',
    value: {
      ...request,
      sequence: 0x6b00f954,
      portId: 0x4a0000d3,
      body: { command: 'new-daemon', state: 'master', interface: '', syncId: 0 },
    },
  },
  {
    name: 'stop: DEL_DAEMON master',
    source: KEEPALIVED,
    bytes: '28000000 2000 0500 57f9006b d300004a 0a010000 14000380 0800010001000000 0800030033000000',
    value: {
      ...request,
      sequence: 0x6b00f957,
      portId: 0x4a0000d3,
      body: { command: 'delete-daemon', state: 'master', syncId: 51 },
    },
  },
];
