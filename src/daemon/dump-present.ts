/**
 * A configuration as keepalived would have it on this host: it goes on without commands that are not there or must not be
 * run, and without what needs them. holdfast itself keeps a vrrp_script and a MISC_CHECK of such a command; they fail.
 */
import type { Script } from '../config/script.ts';
import type { NotifyScripts, Tracking } from '../vrrp/instance.ts';
import type { Configuration } from './root.ts';

/**
 * @param isThere whether a command can be run
 * @param hasFolder whether the folder of a file is there, without which keepalived does not track it
 */
export function withoutMissingCommands(
  configuration: Configuration,
  isThere: (script: Script) => boolean,
  hasFolder: (path: string) => boolean,
): Configuration {
  const { tracked, instances, syncGroups, virtualServers } = configuration;
  const scripts = tracked.scripts.filter(({ script }) => isThere(script));
  const names = new Set(scripts.map(({ name }) => name));
  const files = tracked.files.filter(({ file }) => hasFolder(file));
  const fileNames = new Set(files.map(({ name }) => name));
  /** Without those of the keys whose command is missing. */
  const present = <T extends object>(one: T, keys: readonly (keyof T & string)[]): T =>
    Object.fromEntries(
      Object.entries(one).filter(([key, script]) => !keys.includes(key as keyof T & string) || isThere(script)),
    ) as T;
  const following = <T extends { readonly notify: NotifyScripts; readonly tracking: Tracking }>(one: T): T => ({
    ...one,
    notify: present(one.notify, Object.keys(one.notify) as (keyof NotifyScripts)[]),
    tracking: {
      ...one.tracking,
      scripts: one.tracking.scripts.filter(({ name }) => names.has(name)),
      files: one.tracking.files.filter(({ name }) => fileNames.has(name)),
    },
  });
  return {
    ...configuration,
    tracked: { ...tracked, scripts, files },
    instances: instances.map(following),
    syncGroups: syncGroups.map(following),
    virtualServers: virtualServers.map((server) => ({
      ...present(server, ['quorumUp', 'quorumDown']),
      realServers: server.realServers.map((real) => ({
        ...real,
        settings: {
          ...present(real.settings, ['notifyUp', 'notifyDown']),
          checkers: real.settings.checkers.filter((one) => one.kind !== 'MISC_CHECK' || isThere(one.script)),
        },
      })),
    })),
  };
}
