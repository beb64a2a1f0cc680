/**
 * Tells apart what was typed: a command for a person (`holdfast status`) or the agent itself with keepalived's flags.
 * Commands are loaded only when they are used.
 */
import { nearestWord } from '../config/suggestion.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The commands a person types; each answers `--help`. */
export const COMMANDS = [
  'status',
  'metrics',
  'check',
  'config',
  'ipvs',
  'realserver',
  'doctor',
  'drain',
  'undrain',
  'weight',
  'handover',
  'restart',
  'cleanup',
  'completion',
  'help',
] as const;

/** Runs what the words say; resolves with the exit status. */
export async function runCommandLine(words: readonly string[], environment: Environment): Promise<number> {
  const [first] = words;
  if (first === undefined || first.startsWith('-')) {
    return (await import('./agent.ts')).runAgent(words, environment);
  }
  if (COMMANDS.some((command) => command === first)) {
    return (await import('./commands.ts')).runCommand(words, environment);
  }
  const near = nearestWord(first, COMMANDS);
  const hint = near === undefined ? `commands are ${COMMANDS.join(', ')}` : `did you mean '${near}'?`;
  process.stderr.write(`holdfast: unknown command '${first}': ${hint}\n`);
  return 1;
}
