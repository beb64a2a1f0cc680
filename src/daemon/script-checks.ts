/** Which commands a configuration names, in the order that they stand there; what is asked of each is in scripts.ts. */
import type { Report } from '../config/diagnostics.ts';
import type { Reading } from '../config/table.ts';
import type { globalKeywords } from './global-keywords.ts';
import type { RootReading } from './root.ts';
import { type ScriptPart, Scripts, type ScriptView } from './scripts.ts';

const OWN_SCRIPTS = ['startupScript', 'shutdownScript'] as const;
const FIFO_SCRIPTS = {
  notifyFifoScript: ['vrrp', 'checks'],
  vrrpNotifyFifoScript: ['vrrp'],
  lvsNotifyFifoScript: ['checks'],
} as const satisfies Readonly<Record<string, readonly ScriptPart[]>>;
const GROUP_SCRIPTS = ['notifyMaster', 'notifyBackup', 'notifyFault', 'notifyStop', 'notifyScript'] as const;
const INSTANCE_SCRIPTS = [...GROUP_SCRIPTS, 'notifyDeleted', 'notifyMasterLowerPriority'] as const;

/**
 * Looks at all commands.
 * @param served blocks of virtual servers that are served; keepalived does not come to look at the commands of others
 * @param lacksInterface then keepalived does not come to look at those of VRRP
 * @returns the names of vrrp_scripts that are left out
 */
export function checkScripts(
  { values: root, at: atRoot }: RootReading,
  global: Reading<(typeof globalKeywords)['entries']>,
  served: ReadonlyMap<RootReading['values']['virtualServers'][number], unknown>,
  view: ScriptView | undefined,
  report: Report,
  lacksInterface: boolean,
): ReadonlySet<string> {
  const skips = new Set<ScriptPart>();
  if (lacksInterface || atRoot('instances') === undefined) skips.add('vrrp');
  if (served.size === 0) skips.add('checks');
  const { enableScriptSecurity: isSecure } = global.values;
  const scripts = new Scripts(view, report, { isSecure, user: global.at('scriptUser'), skips });
  for (const key of OWN_SCRIPTS) scripts.own(global.at(key));
  for (const [key, parts] of Object.entries(FIFO_SCRIPTS)) {
    scripts.run(global.at(key as keyof typeof FIFO_SCRIPTS), parts);
  }
  const tracked = new Set(
    [...root.instances, ...root.syncGroups].flatMap(({ values }) => values.trackScript.map(({ word }) => word.text)),
  );
  for (const { header, at } of root.scripts) {
    const [name] = header;
    if (name !== undefined && !tracked.has(name.text)) {
      report.note(name, `no instance or group tracks the vrrp_script ${name.text}`, {
        suggestion: `write track_script { ${name.text} } in one`,
      });
    }
    const script = at('script');
    if (script !== undefined) scripts.tracked(header[0]?.text ?? '', script, at('user'));
  }
  for (const { at } of root.syncGroups) for (const key of GROUP_SCRIPTS) scripts.run(at(key), ['vrrp']);
  for (const { at } of root.instances) for (const key of INSTANCE_SCRIPTS) scripts.run(at(key), ['vrrp']);
  for (const reading of root.virtualServers) {
    if (!served.has(reading)) continue;
    const { at, values } = reading;
    for (const key of ['quorumUp', 'quorumDown'] as const) scripts.run(at(key), ['checks']);
    let before: unknown;
    for (const server of values.realServers) {
      // what several blocks say has no command in it
      if (server.values === before) continue;
      before = server.values;
      const { notifyUp, notifyDown, checkers } = server.values;
      if (notifyUp !== undefined) scripts.run(server.at('notifyUp'), ['checks']);
      if (notifyDown !== undefined) scripts.run(server.at('notifyDown'), ['checks']);
      for (const { command } of checkers) {
        if (command !== undefined) scripts.checker(command.script, command.user);
      }
    }
  }
  scripts.finish();
  return scripts.unusable;
}
