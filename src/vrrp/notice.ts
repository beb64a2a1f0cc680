/** What the election tells of itself to scripts, FIFOs and mails, in keepalived's words; who is told, and how, is for main. */

/** States that an instance or a sync group enters. STOP: the agent ends. DELETED: a reload removed the instance. */
export type NotifiedState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' | 'DELETED';

/** What is told although the state stays: to FIFOs, the first one to notify_master_rx_lower_pri too. */
export type NotifiedEvent = 'MASTER_RX_LOWER_PRI' | 'MASTER_PRIORITY' | 'BACKUP_PRIORITY';

/** One thing that happened. They are sent in the order in which they happened. */
export interface VrrpNotice {
  readonly subject: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly event: NotifiedState | NotifiedEvent;
  /** The effective priority, 1-255; 0 for groups. */
  readonly priority: number;
}
