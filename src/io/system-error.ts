/**
 * A refused system call, with what it was for. The addon throws errors like Node's own; this file gives them their
 * purpose, so that one line at the top says everything: "VRRP socket on eth0: socket EPERM: operation not permitted".
 */

/** What the addon's and Node's errors of system calls carry. */
export interface SystemCallError extends Error {
  /** e.g. 'ENODEV' */
  readonly code: string;
  /** Negative, as in Node: -19. */
  readonly errno: number;
  /** e.g. 'setsockopt' */
  readonly syscall: string;
}

/** A system call said no. */
export class SystemError extends Error {
  override readonly name: string = 'SystemError';
  /** The name of the error, e.g. 'ENODEV'. */
  readonly code: string;
  /** Negative, as in Node: -19. */
  readonly errno: number;
  /** The call, e.g. 'setsockopt'. */
  readonly syscall: string;
  /** What it was for, e.g. 'VRRP socket on eth0'. */
  readonly purpose: string;

  /** @param cause the error as it was thrown, or made by a caller that only has a number */
  constructor(purpose: string, cause: SystemCallError) {
    super(`${purpose}: ${cause.message}`, { cause });
    this.code = cause.code;
    this.errno = cause.errno;
    this.syscall = cause.syscall;
    this.purpose = purpose;
  }
}

/** Whether something thrown is the error of a system call (of the addon, of Node or ours). */
export const isSystemCallError = (error: unknown): error is SystemCallError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  'errno' in error &&
  typeof error.errno === 'number' &&
  'syscall' in error &&
  typeof error.syscall === 'string';

/** What `call` returns; the error of a system call is thrown on as a SystemError with this purpose. */
export function withPurpose<Value>(purpose: string, call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    throw isSystemCallError(error) ? new SystemError(purpose, error) : error;
  }
}
