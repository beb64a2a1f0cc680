/** What keepalived's scripts and FIFOs are told of a notice: arguments and lines, word for word. keepalived.conf(5) "notify". */
import type { Script } from '../config/script.ts';
import type { NotifyScripts } from './instance.ts';
import type { NotifiedState, VrrpNotice } from './notice.ts';

/** A script to run, and the keyword that names it. */
export interface NotifyCommand {
  readonly keyword: string;
  readonly script: Script;
}

const BY_STATE: Readonly<Record<NotifiedState, readonly [keyof NotifyScripts, keyword: string]>> = {
  MASTER: ['master', 'notify_master'],
  BACKUP: ['backup', 'notify_backup'],
  FAULT: ['fault', 'notify_fault'],
  STOP: ['stop', 'notify_stop'],
  DELETED: ['deleted', 'notify_deleted'],
};

/** Whether a notice says that a state was entered. */
export const isState = (event: VrrpNotice['event']): event is NotifiedState => Object.hasOwn(BY_STATE, event);

/**
 * What is to be run, in this order: the script of the state without further arguments, then the one for all states with
 * `TYPE NAME STATE PRIORITY`.
 */
export function notifyCommands(notice: VrrpNotice, scripts: NotifyScripts): readonly NotifyCommand[] {
  const { subject, name, event, priority } = notice;
  if (event === 'MASTER_RX_LOWER_PRI') {
    const script = scripts.masterLowerPriority;
    return script === undefined ? [] : [{ keyword: 'notify_master_rx_lower_pri', script }];
  }
  if (!isState(event)) return [];
  const [key, keyword] = BY_STATE[event];
  const specific = scripts[key];
  const { any } = scripts;
  return [
    ...(specific === undefined ? [] : [{ keyword, script: specific }]),
    ...(any === undefined
      ? []
      : [{ keyword: 'notify', script: { ...any, command: [...any.command, subject, name, event, String(priority)] } }]),
  ];
}

/** `INSTANCE "VI_1" MASTER 150`, with its end of line. Quotation marks in a name stand as they are. */
export const fifoLine = ({ subject, name, event, priority }: VrrpNotice): string =>
  `${subject} "${name}" ${event} ${priority}\n`;
