/** The kernel said no over netlink, or no answer could be had. */

import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { ExtendedAck } from '../wire/netlink.ts';
import { type SystemCallError, SystemError } from './system-error.ts';

/** What stands for the system call when the refusal is an answer, not the failure of sendto(2). */
const SYSCALL = 'netlink';

/** A request that was refused, with the kernel's own words where it has some. */
export class NetlinkError extends SystemError {
  override readonly name = 'NetlinkError';
  /** The kernel's sentence and the byte of the request that it is about; empty on older kernels. */
  readonly extended: ExtendedAck;

  constructor(purpose: string, cause: SystemCallError, extended: ExtendedAck = {}) {
    super(purpose, cause);
    this.extended = extended;
  }

  /** The kernel's answer. @param errno as a positive number */
  static answered(purpose: string, errno: number, extended: ExtendedAck = {}): NetlinkError {
    const [code, description] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error'];
    return new NetlinkError(purpose, systemCallError(code, -errno, extended.message ?? description), extended);
  }

  /** No answer, for a reason of ours. @param code e.g. `ECANCELED` */
  static withCode(purpose: string, code: keyof typeof constants.errno, reason: string): NetlinkError {
    return new NetlinkError(purpose, systemCallError(code, -constants.errno[code], reason));
  }
}

/** An error as Node makes them: `netlink EEXIST: file already exists`. */
const systemCallError = (code: string, errno: number, description: string): SystemCallError =>
  Object.assign(new Error(`${SYSCALL} ${code}: ${description}`), { code, errno, syscall: SYSCALL });
