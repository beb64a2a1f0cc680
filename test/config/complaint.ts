/** What must hold for every file, however damaged: what the tests and `npm run fuzz` ask of the reader. */
import { formatDiagnostic, SourceText } from '../../src/config/diagnostic-text.ts';
import type { PathKind } from '../../src/config/glob.ts';
import { type HostView, readConfiguration } from '../../src/daemon/root.ts';

/** What stands in the files that a damaged file may include: no name leads to the file itself. */
const INCLUDED = [
  'include deeper.inc\nrouter_id a\n',
  '192.168.4.90\n192.168.4.91/24 dev eth0\n',
  '}\n',
  '"\n',
  '$A=b \\\n',
];
const NAMES = ['a.conf', 'b.conf', 'part.conf', 'run.sh', '.hidden', 'folder'];

const kindOf = (path: string): PathKind | undefined => {
  if (path.includes('no')) return undefined;
  if (path.endsWith('.sh')) return 'executable';
  return path.endsWith('folder') ? 'directory' : 'file';
};

const HOST: HostView = {
  configId: 'one',
  kindOf,
  list: () => NAMES,
  environment: (name) => (name.startsWith('H') ? 'a "b\nc' : undefined),
  absolute: (folder) => `/etc/${folder}`,
};

/** What is not plain data that survives JSON, by its path. */
function unplain(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? [] : [path];
  if (typeof value === 'string' || typeof value === 'boolean') return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => unplain(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [path];
  return Object.entries(value).flatMap(([key, item]) => unplain(item, `${path}.${key}`));
}

/** What is wrong with how a text is read, if anything. Throws what the reader throws. */
export function complaint(text: string): string | undefined {
  const files = new Map([['main.conf', text]]);
  const readFile = (path: string): string => {
    const content = files.get(path) ?? INCLUDED[path.length % INCLUDED.length] ?? '';
    files.set(path, content);
    return content;
  };
  const { configuration, diagnostics, exitCode } = readConfiguration('main.conf', readFile, HOST);
  if (exitCode !== 0 && diagnostics.length === 0) return `ends with ${exitCode} and says nothing`;
  const lines = new Map<string, string[]>();
  for (const one of diagnostics) {
    const known = lines.get(one.file) ?? (files.get(one.file) ?? '').replace(/^\uFEFF/, '').split('\n');
    lines.set(one.file, known);
    const line = known[one.line - 1];
    const end = line === undefined ? 0 : Array.from(line).length + 1;
    if (one.column < 1 || one.length < 1 || one.column > end) return `speaks about nowhere: ${JSON.stringify(one)}`;
  }
  const [first] = diagnostics;
  if (first !== undefined) formatDiagnostic(first, new SourceText(files.get(first.file) ?? ''), { colour: false });
  const [odd] = unplain(configuration);
  return odd === undefined ? undefined : `is not plain data at ${odd}`;
}
