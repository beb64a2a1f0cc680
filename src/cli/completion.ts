/** `holdfast completion bash|zsh`: a script for the shell, made from the commands, their options and the keyword tables. */
import type { Command } from 'commander';
import { keywordsOf } from '../config/documentation.ts';
import { keywordDocumentation } from '../daemon/keyword-documentation.ts';
import { shownOptions } from './agent-options.ts';

/** What can be typed after a command. */
interface Place {
  /** `config explain`; empty: after `holdfast` itself. */
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
}

/** The shells that there is a script for. */
export const SHELLS = { bash: bashCompletion, zsh: zshCompletion } as const;

/** Everything that can be typed: first after `holdfast` itself, then after each command. */
function allPlaces(program: Command): Place[] {
  const [top, ...places] = placesOf(program, '');
  const agentOptions = shownOptions.flatMap(({ short, long }) => [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${long}`,
  ]);
  return [{ path: '', words: top?.words ?? [], options: agentOptions }, ...places];
}

/** The script for bash. Where nothing is to be proposed, bash proposes files. */
export function bashCompletion(program: Command): string {
  const all = allPlaces(program);
  const paths = all.slice(1).map(({ path }) => `            "${path}") path="${path}" ;;`);
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
    [[ -z $path && \${COMP_WORDS[1]} == -* ]] && words= # no command goes with the agent's own options
    [[ $current == -* ]] && words=$options
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _holdfast holdfast
`;
}

/** The script for zsh, to be sourced or to lie in $fpath as _holdfast. Where nothing is to be proposed, files are. */
export function zshCompletion(program: Command): string {
  const all = allPlaces(program);
  const paths = all.slice(1).map(({ path }) => `            "${path}") place="${path}" ;;`);
  const cases = all.map(
    ({ path, words, options }) =>
      `        "${path}")\n            proposed=(${words.join(' ')})\n            options=(${options.join(' ')}) ;;`,
  );
  return `#compdef holdfast
# zsh completion for holdfast; made by: holdfast completion zsh
_holdfast() {
    local place= i
    local -a proposed options
    for ((i = 2; i < CURRENT; i++)); do
        case "\${place:+$place }\${words[i]}" in
${paths.join('\n')}
        esac
    done
    case "$place" in
${cases.join('\n')}
    esac
    [[ -z $place && \${words[2]} == -* ]] && proposed=()
    if [[ \${words[CURRENT]} == -* ]]; then
        compadd -- $options
    elif (( $#proposed )); then
        compadd -- $proposed
    else
        _files
    fi
}
if [[ $funcstack[1] == _holdfast ]]; then
    _holdfast "$@"
else
    compdef _holdfast holdfast
fi
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
  'config explain': () => keywordsOf(keywordDocumentation()).filter((word) => /^[\w-]+$/.test(word)),
  completion: () => Object.keys(SHELLS),
};
