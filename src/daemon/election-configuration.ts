/** What the election process is told of the configuration. */
import { type Duration, microseconds } from '../base/time.ts';
import { DEFAULT_RECEIVE_BUFFER } from '../io/netlink-socket.ts';
import { EVENT_BUFFER } from '../io/route-netlink.ts';
import type { TrackerKind } from '../vrrp/tracking.ts';
import { firewallSettings } from './firewall-settings.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { ElectionConfiguration } from './messages.ts';
import type { Configuration } from './root.ts';

/** What main watches. */
const WATCHED: readonly TrackerKind[] = ['script', 'file', 'process'];

/**
 * @param uptime of the host
 * @param runsBfd false: nobody has BFD sessions, so what tracks them counts for nothing
 */
export function electionConfiguration(
  configuration: Configuration,
  uptime: Duration,
  runsBfd: boolean,
): ElectionConfiguration {
  const { instances, syncGroups, spacing, interfaceDelays, polledLinks, statics, bfdInstances, global } = configuration;
  return {
    instances,
    syncGroups,
    spacing,
    interfaceDelays,
    polledLinks,
    statics,
    ...(runsBfd ? { bfdInstances } : {}),
    watched: runsBfd ? [...WATCHED, 'bfd'] : WATCHED,
    startupDelay: startupDelayOf(global, uptime),
    logUnknownVrids: global.logUnknownVrids,
    firewall: firewallSettings(global),
    netlinkBuffers: netlinkBuffersOf(global),
    disableLocalIgmp: global.disableLocalIgmp,
  };
}

/** How long the first election waits. @param uptime of the host */
function startupDelayOf(global: GlobalDefinitions, uptime: Duration): Duration | undefined {
  const { startupDelay, delayAfterBoot } = global;
  if (delayAfterBoot === undefined) return startupDelay;
  return microseconds(Math.max(startupDelay ?? 0, delayAfterBoot - uptime));
}

/** The receive buffers of rtnetlink, where they are to be larger than they are anyway. */
function netlinkBuffersOf({ netlinkMonitorBuffer, netlinkCommandBuffer }: GlobalDefinitions) {
  return {
    ...(netlinkMonitorBuffer > EVENT_BUFFER ? { eventBuffer: netlinkMonitorBuffer } : {}),
    ...(netlinkCommandBuffer > DEFAULT_RECEIVE_BUFFER ? { answerBuffer: netlinkCommandBuffer } : {}),
  };
}
