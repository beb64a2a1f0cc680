/** Which configuration is meant when none is named. */

/** Ours first, then keepalived's own, so that replacing it needs no copy of the file. */
const DEFAULT_FILES = ['/etc/holdfast/holdfast.conf', '/etc/keepalived/keepalived.conf'] as const;

/** The first file that is there, or else ours. */
export const configurationFile = (exists: (file: string) => boolean): string =>
  DEFAULT_FILES.find(exists) ?? DEFAULT_FILES[0];
