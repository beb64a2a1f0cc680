/**
 * Samples that keepalived is not asked about: with words of holdfast alone, and MISC_CHECK, over which `keepalived -t` 2.2.7
 * ends itself with SIGTERM.
 */
const STRANGE = ['grpc', 'ldap', 'misc', 'mysql', 'pgsql', 'redis', 'tls-verify'].map((name) => `check-${name}.conf`);

export const isStrange = (name: string): boolean => STRANGE.includes(name);
