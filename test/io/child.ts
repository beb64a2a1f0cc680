/** Runs a script in a Node process of its own, with the addon at hand as `native`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findAddon } from '../../src/io/native.ts';

export const ADDON = findAddon(
  process.env,
  join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'io'),
  existsSync,
);

/** How a process ended, and what it wrote. */
export interface Ending {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The addon is loaded when a script first says `native`; `loopback(port)` is an address of 127.0.0.1. */
const PREAMBLE = `
Object.defineProperty(globalThis, 'native', { get: () => require(${JSON.stringify(ADDON)}) });
const loopback = (port) => ({ family: 'inet', address: Uint8Array.of(127, 0, 0, 1), port });
`;

/** Waits until the script has ended; a signal shows as its name in `status`. */
export const runScript = (script: string, flags: readonly string[] = []): Promise<Ending> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...flags, '-e', PREAMBLE + script], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.signal ?? error.code ?? null), stdout, stderr });
    });
  });
