/**
 * The election process: real-time priority, locked memory, and main's messages for the election.
 */
import { lockMemory, useNiceness, useRealTime } from '../io/scheduling.ts';
import { type Channel, openChannel } from './channel.ts';
import { Election } from './election.ts';
import type { ElectionEstate } from './estate.ts';
import type { FromElection, RuntimeSettings, ToElection } from './messages.ts';
import { Succession } from './succession.ts';

/** Runs the process until main says stop or is gone. */
export function runElection(): void {
  let starting: Promise<Election> | undefined;
  let election: Election | undefined;
  let ending = false;
  let inherit: (estate: ElectionEstate | undefined) => void = () => {};
  const end = async (now = false) => {
    if (now) election?.hurry();
    if (ending) return;
    ending = true;
    succession.close();
    inherit(undefined);
    // what is still starting may hold addresses of an earlier life: it is started, and then stopped in order
    await (await starting?.catch(() => undefined))?.stop();
    channel.send({ type: 'stopped' });
    channel.close();
  };
  const fail = (error: unknown) => {
    channel.log('error', 'election-failed', `the election cannot run: ${(error as Error).message}`);
    void end();
  };
  const start = async ({ configuration, runtime }: Extract<ToElection, { type: 'start' }>) => {
    prepare(runtime, channel);
    const estate = runtime.isHeir
      ? new Promise<ElectionEstate | undefined>((resolve) => {
          inherit = resolve;
        })
      : undefined;
    const started = await Election.start(configuration, channel, runtime);
    let inherited: readonly string[] = [];
    if (estate !== undefined) {
      channel.send({ type: 'prepared' });
      inherited = await started.inherit(await estate);
    }
    election = started;
    channel.send({ type: 'started', inherited });
    return started;
  };
  const channel: Channel<FromElection> = openChannel<ToElection, FromElection>(
    (message) => {
      if (succession.handle(message)) return;
      switch (message.type) {
        case 'start':
          succession.orphaned = message.orphaned;
          starting = start(message);
          starting.catch(fail);
          break;
        case 'inherit':
          inherit(message.estate as ElectionEstate | undefined);
          break;
        case 'alone':
          election?.lookAgain();
          break;
        case 'configure':
          starting?.then(
            (started) => {
              if (!ending) started.configure(message.configuration);
              channel.send({ type: 'configured' });
            },
            () => {}, // said by the start
          );
          break;
        case 'track-result':
          starting?.then(
            (started) => started.learn(message.result),
            () => {},
          );
          break;
        case 'guard':
          starting?.then(
            (started) => started.useGuard(message.name),
            () => {},
          );
          break;
        case 'status':
          channel.send({
            type: 'status',
            id: message.id,
            ...(election?.report() ?? { instances: [], strayPackets: {} }),
          });
          break;
        case 'snapshot':
          channel.send({ type: 'snapshot', id: message.id, routers: election?.snapshots(message.clear) ?? [] });
          break;
        case 'give-away':
          void election?.giveAway(message).then((given) => channel.send({ type: 'given-away', id: message.id, given }));
          break;
        case 'ping':
          channel.send({ type: 'pong' });
          break;
        case 'stop':
          void end(message.now);
      }
    },
    () => void succession.mainIsGone(),
  );
  const succession = new Succession('election', channel, {
    estate: () => (ending ? undefined : election?.estate()),
    retire: async (inherited) => {
      ending = true;
      await election?.retire(inherited);
      channel.close();
    },
    abandon: () => void end(),
  });
}

/** Scheduling and memory; what is refused is said and does without. */
function prepare(runtime: RuntimeSettings, channel: Channel<FromElection>): void {
  if (runtime.niceness !== 0) {
    const nice = useNiceness(runtime.niceness);
    if (!nice.ok) channel.log('notice', 'no-niceness', nice.reason);
  }
  const scheduling = useRealTime(runtime.realTimePriority);
  if (!scheduling.ok) channel.log('notice', 'no-real-time', `no real-time scheduling: ${scheduling.reason}`);
  if (!runtime.lockMemory) return;
  const locked = lockMemory();
  if (!locked.ok) channel.log('notice', 'no-memory-lock', `memory is not locked: ${locked.reason}`);
}
