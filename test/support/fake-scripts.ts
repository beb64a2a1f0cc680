/** Scripts that never run: a fake of the world of ScriptRunner, whose processes end when a test says so. */
import { fault, ok } from '../../src/base/result.ts';
import type { Script } from '../../src/config/script.ts';
import type { ScriptWorld } from '../../src/daemon/script-runner.ts';
import type { Command, Ending, RunningCommand } from '../../src/io/run-command.ts';

/** A process that was asked for. */
export interface FakeProcess {
  readonly command: Command;
  readonly signals: string[];
  end(ending: Ending): void;
}

export class FakeScripts implements ScriptWorld {
  readonly started: FakeProcess[] = [];
  /** Programs that cannot be run, and why. */
  readonly refused = new Map<string, string>();
  /** A process that gets SIGTERM ends by it. */
  obeysTerm = true;

  resolve({ command: [program = '', ...args] }: Script) {
    const reason = this.refused.get(program);
    return reason === undefined ? ok<Command>({ program, args, uid: 0, gid: 0, umask: 0o177 }) : fault(reason);
  }

  start(command: Command): RunningCommand {
    let end: (ending: Ending) => void = () => {};
    const ended = new Promise<Ending>((resolve) => {
      end = resolve;
    });
    const process: FakeProcess = { command, signals: [], end };
    this.started.push(process);
    return {
      pid: this.started.length,
      ended,
      signal: (signal) => {
        process.signals.push(signal);
        if (signal === 'SIGKILL' || this.obeysTerm) end({ how: 'killed', signal });
      },
    };
  }

  /** Command lines, in the order of their starts. */
  get lines(): readonly string[] {
    return this.started.map(({ command }) => [command.program, ...command.args].join(' '));
  }

  /** Ends the newest process. */
  end(status: number): void {
    this.started.at(-1)?.end({ how: 'exited', status });
  }
}

/** A script of words. */
export const scriptOf = (line: string): Script => ({ command: line.split(' ') });
