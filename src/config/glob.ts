/**
 * Patterns of file names as include takes them: glob(3) with GLOB_BRACE. Files come sorted within each alternative of
 * the braces, as there. What the file system holds is asked, not looked at.
 */

/** What a path leads to. A file with any execute bit is `executable`; include takes plain files only. */
export type PathKind = 'file' | 'executable' | 'directory' | 'other';

/** How files are found and read. Paths are as the configuration gives them, after the folder of the including file. */
export interface FileAccess {
  /** The content, as bytes or decoded; throws an error with `code` when it cannot be read. */
  readFile(path: string): string | Uint8Array;
  /** Undefined: there is nothing. */
  kindOf(path: string): PathKind | undefined;
  /** Names in a folder, in any order; empty when it cannot be read. */
  list(directory: string): readonly string[];
}

/** More alternatives or files than anybody means. */
const MATCHES_MAX = 10_000;

/** What a pattern leads to, alternative by alternative. */
export interface Alternative {
  /** Without braces. */
  readonly pattern: string;
  /** Something in it may stand for something else: a wildcard, or an escaped character. */
  readonly hasWildcard: boolean;
  readonly paths: readonly string[];
}

const WILDCARD = /[*?[\\]/;

/** The paths of a pattern, relative to `directory` unless they are absolute. */
export function findFiles(pattern: string, directory: string, files: FileAccess): Alternative[] {
  return expandBraces(pattern).map((alternative) => {
    const hasWildcard = WILDCARD.test(alternative);
    const path = resolvePath(directory, alternative);
    if (hasWildcard) return { pattern: alternative, hasWildcard, paths: matching(path, files) };
    return { pattern: alternative, hasWildcard, paths: files.kindOf(path) === undefined ? [] : [path] };
  });
}

/** `{a,b}` and their nesting, written out from left to right. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const queue = [pattern];
  for (let next = queue.shift(); next !== undefined && done.length + queue.length < MATCHES_MAX; next = queue.shift()) {
    const group = firstGroup(next);
    if (group === undefined) done.push(next);
    else queue.unshift(...group);
  }
  return done;
}

/** The alternatives of the first pair of braces, each with what stands around it; `{}` is no such pair. */
function firstGroup(pattern: string): string[] | undefined {
  const open = pattern.search(/\{(?!\})/);
  if (open < 0) return undefined;
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '{') depth++;
    else if (character === '}') depth--;
    if ((character === ',' && depth === 1) || depth === 0) {
      parts.push(pattern.slice(start, i));
      start = i + 1;
    }
    if (depth === 0) {
      const [head, tail] = [pattern.slice(0, open), pattern.slice(i + 1)];
      return parts.map((part) => head + part + tail);
    }
  }
  return undefined;
}

function matching(path: string, files: FileAccess): string[] {
  let found = [path.startsWith('/') ? '/' : '.'];
  const parts = path.split('/').filter((part) => part !== '');
  const wantsFolder = path.endsWith('/');
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1 && !wantsFolder;
    const next: string[] = [];
    for (const directory of found) {
      for (const name of namesFor(part, directory, files)) {
        const candidate = resolvePath(directory === '.' ? '' : directory, name);
        const kind = files.kindOf(candidate);
        if (kind !== undefined && (isLast || kind === 'directory')) next.push(candidate);
      }
    }
    found = next.slice(0, MATCHES_MAX);
  }
  return found;
}

/** Names that a part of a path stands for; a leading dot is matched by a dot only. */
function namesFor(part: string, directory: string, files: FileAccess): readonly string[] {
  if (!WILDCARD.test(part)) return [part];
  const pattern = wildcard(part);
  return files
    .list(directory)
    .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && pattern.test(name))
    .sort();
}

/** The names of POSIX that may stand in brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
};

/** A star, a question mark, brackets, an escaped character, or a character that stands for itself. */
const GLOB_TOKEN = /(\*+)|(\?)|\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]|\\(.)|(.)/gs;

function wildcard(part: string): RegExp {
  const source = part.replace(GLOB_TOKEN, (_all, stars, question, not, inside, escaped, plain) => {
    if (stars !== undefined) return '.*'; // two of them mean no more than one, and cost more
    if (question !== undefined) return '.';
    if (inside === undefined) return (escaped ?? plain).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const members = inside.replace(/\[:([a-z]+):\]|[\\\]^[]/g, (one: string, name?: string) =>
      name === undefined ? `\\${one}` : (CLASSES[name] ?? ''),
    );
    return `[${not === '' ? '' : '^'}${members}]`;
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /$^/; // a range from right to left matches nothing
  }
}

/** `path` seen from `directory`; '' is the working directory. */
export const resolvePath = (directory: string, path: string): string =>
  path.startsWith('/') || directory === '' ? path : directory.endsWith('/') ? directory + path : `${directory}/${path}`;

/** The folder of a path; '' when it has none. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash) || '/';
}
