/** The election's sentences for the log, about what concerns none of its parts alone. */
import type { IpAddress } from '../base/address.ts';
import { type AdmissionNotice, explainNotice } from './admit.ts';
import type { Channel } from './channel.ts';
import type { Holder } from './holder.ts';
import type { FromElection } from './messages.ts';
import type { Router } from './router.ts';

/** See the file's head. */
export class ElectionLog {
  readonly #channel: Channel<FromElection>;

  constructor(channel: Channel<FromElection>) {
    this.#channel = channel;
  }

  /** Of an instance, by name. */
  note(router: Router, event: string, what: string): void {
    this.#channel.log('info', event, `(${router.title}) ${what}`, router.fields);
  }

  admission(notice: AdmissionNotice): void {
    const { router, reason, accepted, source } = notice;
    const event = accepted ? 'advertisement-suspicious' : 'advertisement-refused';
    const fields = { ...router.fields, source, reason, count: notice.count };
    this.#channel.log('warning', event, `(${router.title}) ${explainNotice(notice)}`, fields);
  }

  unknownVrid(vrid: number, source: IpAddress): void {
    const sentence = `${source} advertises VRID ${vrid}, which no instance here has`;
    this.#channel.log('info', 'vrid-unknown', sentence, { vrid, source });
  }

  /** A link that has gone is told as such, a moment later at the most: that nothing can be sent there is no error of its own. */
  effectFailed(holder: Holder, effect: string, { code, message }: NodeJS.ErrnoException): void {
    const sentence = `(${holder.title}) ${effect}: ${message}`;
    const isOfLink = effect === 'send-advertisement' && LINK_IS_GONE.has(code ?? '');
    this.#channel.log(isOfLink ? 'notice' : 'error', 'effect-failed', sentence, { ...holder.fields, effect, code });
  }
}

/** What sendto(2) says when an interface went down before anybody heard of it. */
const LINK_IS_GONE: ReadonlySet<string> = new Set(['ENETDOWN', 'ENETUNREACH', 'ENODEV', 'ENXIO']);
