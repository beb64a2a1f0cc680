/** Which commands a configuration names, in the order that they stand there; what is asked of each is in scripts.ts. */
import type { Report } from '../config/diagnostics.ts';
import type { Reading } from '../config/table.ts';
import type { globalKeywords } from './global-keywords.ts';
import type { RootReading } from './root.ts';
import { Scripts, type ScriptView } from './scripts.ts';

const GLOBAL_SCRIPTS = ['startupScript', 'shutdownScript', 'notifyFifoScript', 'vrrpNotifyFifoScript'] as const;
const GROUP_SCRIPTS = ['notifyMaster', 'notifyBackup', 'notifyFault', 'notifyStop', 'notifyScript'] as const;
const INSTANCE_SCRIPTS = [...GROUP_SCRIPTS, 'notifyDeleted', 'notifyMasterLowerPriority'] as const;

/**
 * Looks at all commands.
 * @param served blocks of virtual servers that are served; keepalived does not come to look at the commands of others
 * @param skipsVrrp whether keepalived does not come to look at those of VRRP, because an interface is missing
 * @returns the names of vrrp_scripts that are left out
 */
export function checkScripts(
  root: RootReading['values'],
  global: Reading<(typeof globalKeywords)['entries']>,
  served: ReadonlyMap<RootReading['values']['virtualServers'][number], unknown>,
  view: ScriptView | undefined,
  report: Report,
  skipsVrrp: () => boolean,
): ReadonlySet<string> {
  const scripts = new Scripts(view, report, {
    isSecure: global.values.enableScriptSecurity,
    user: global.at('scriptUser'),
  });
  for (const key of GLOBAL_SCRIPTS) scripts.run(global.at(key), 'vrrp');
  for (const { header, at } of root.scripts) {
    const script = at('script');
    if (script !== undefined) scripts.tracked(header[0]?.text ?? '', script, at('user'));
  }
  for (const { at } of root.syncGroups) for (const key of GROUP_SCRIPTS) scripts.run(at(key), 'vrrp');
  for (const { at } of root.instances) for (const key of INSTANCE_SCRIPTS) scripts.run(at(key), 'vrrp');
  scripts.run(global.at('lvsNotifyFifoScript'), 'checks');
  for (const reading of root.virtualServers) {
    if (!served.has(reading)) continue;
    const { at, values } = reading;
    for (const key of ['quorumUp', 'quorumDown'] as const) scripts.run(at(key), 'checks');
    for (const { at: atServer, values: own } of values.realServers) {
      for (const key of ['notifyUp', 'notifyDown'] as const) scripts.run(atServer(key), 'checks');
      for (const { command } of own.checkers) scripts.checker(command?.script, command?.user);
    }
  }
  scripts.finish(new Set(skipsVrrp() ? ['vrrp'] : []));
  return scripts.unusable;
}
