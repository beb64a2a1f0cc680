/** docs/keywords.md, made from the tables. */
import { blockText, type KeywordDocumentation } from './documentation.ts';

const HEAD = `# Keywords

Every word of the configuration that holdfast knows, by the block it stands in. Made from the keyword tables by
\`npm run docs\`; \`holdfast config explain KEYWORD\` prints the same. "later" means: accepted, and without effect so far.
A default of — is none, or follows from other keywords.
`;

/** The page, with its last newline. */
export function keywordsPage(all: readonly KeywordDocumentation[]): string {
  const sections = new Map<string, { title: string; blocks: Set<string>; rows: KeywordDocumentation[] }>();
  const paths = new Map(all.flatMap(({ blocks }) => blocks).map((path) => [path.join('/'), path]));
  for (const path of paths.values()) {
    const rows = all.filter(({ blocks }) => blocks.some((block) => block.join('/') === path.join('/')));
    // Blocks of the same words share a section: HTTP_GET and SSL_GET.
    const key = rows.map((row) => all.indexOf(row)).join(',');
    const section = sections.get(key);
    if (section === undefined) sections.set(key, { title: blockText(path), blocks: new Set([blockText(path)]), rows });
    else section.blocks.add(blockText(path));
  }
  const anywhere = all.filter(({ blocks }) => blocks.length === 0);
  if (anywhere.length > 0) {
    sections.set('', { title: 'any place', blocks: new Set(['any place: the language itself']), rows: anywhere });
  }
  const text = [...sections.values()].map(({ blocks, rows }) => {
    const title = [...blocks].join(', ').replace(/^[ta](?=he top|ny place)/, (letter) => letter.toUpperCase());
    const lines = rows.map(rowOf).join('\n');
    return `\n## ${title}\n\n| keyword | value | default | what it does |\n|---|---|---|---|\n${lines}\n`;
  });
  return HEAD + text.join('');
}

function rowOf(one: KeywordDocumentation): string {
  const aliases = one.aliases.map(({ word }) => `\`${word}\``);
  const word = [`\`${one.word}\``, ...(aliases.length === 0 ? [] : [`or ${aliases.join(', ')}`])].join(' ');
  const marks = { yes: '', no: ' (later)', 'not for every value': ' (some values later)' };
  const required = one.required ? ' **required**' : '';
  const what = [one.form === 'obsolete' ? `obsolete: ${one.doc}` : one.doc, ...one.notes].join(' ');
  const value = one.form === 'lines' ? `lines: ${one.expected}` : one.expected;
  const mark = one.form === 'obsolete' ? '' : marks[one.actedOn];
  return `| ${[word, value + required, one.default ?? '—', what + mark].map(cell).join(' | ')} |`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
