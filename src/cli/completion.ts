/** `holdfast completion bash`: a script for the shell, made from the commands, their options and the keyword tables. */
import type { Command } from 'commander';
import { documentKeywords, keywordsOf } from '../config/documentation.ts';
import { rootKeywords } from '../daemon/root.ts';
import { shownOptions } from './agent-options.ts';

/** What can be typed after a command. */
interface Place {
  /** `config explain`; empty: after `holdfast` itself. */
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
}

/** The script. Where nothing is to be proposed, bash proposes files. */
export function bashCompletion(program: Command): string {
  const [top, ...places] = placesOf(program, '');
  const agentOptions = shownOptions.flatMap(({ short, long }) => [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${long}`,
  ]);
  const all: Place[] = [{ path: '', words: top?.words ?? [], options: agentOptions }, ...places];
  const paths = places.map(({ path }) => `            "${path}") path="${path}" ;;`);
  const cases = all.map(
    ({ path, words, options }) =>
      `        "${path}")\n            words="${words.join(' ')}"\n            options="${options.join(' ')}" ;;`,
  );
  return `# bash completion for holdfast; made by: holdfast completion bash
_holdfast() {
    local current=\${COMP_WORDS[COMP_CWORD]} path= words= options= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "\${path:+$path }\${COMP_WORDS[i]}" in
${paths.join('\n')}
        esac
    done
    case "$path" in
${cases.join('\n')}
    esac
    [[ $current == -* ]] && words=$options
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _holdfast holdfast
`;
}

function placesOf(command: Command, path: string): Place[] {
  const inner = command.commands.map((one) => ({ one, path: path === '' ? one.name() : `${path} ${one.name()}` }));
  const names = inner.map(({ one }) => one.name());
  const place: Place = {
    path,
    words: names.length > 0 ? [...names, 'help'] : (WORDS[path]?.() ?? []),
    options: [...command.options.flatMap(({ short, long }) => [short, long].filter((text) => text != null)), '--help'],
  };
  const help = names.length > 0 ? [{ path: `${path} help`.trim(), words: names, options: [] }] : [];
  return [place, ...help, ...inner.flatMap((next) => placesOf(next.one, next.path))];
}

/** What a command takes, where it is one of some words. */
const WORDS: Readonly<Record<string, () => readonly string[]>> = {
  'config explain': () => keywordsOf(documentKeywords(rootKeywords)),
  completion: () => ['bash'],
};
