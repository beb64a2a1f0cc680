/** Which Linux this is, where the kernel does not say itself what it can do. */
import { release } from 'node:os';

/** True when uname(2) names this version or a later one. */
export function kernelIsAtLeast(major: number, minor: number, version: string = release()): boolean {
  const [runningMajor = 0, runningMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return runningMajor > major || (runningMajor === major && runningMinor >= minor);
}
