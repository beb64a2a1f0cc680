// Writes the pages that are made from the source: docs/keywords.md from the keyword tables, docs/rfc-ledger.md from the names
// of the tests. test/config/keywords-page.test.ts and test/rfc/ledger.test.ts fail when they are stale.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { outputFiles } = await build({
  stdin: {
    contents: `
      import { keywordsPage } from './src/config/keywords-page.ts';
      import { keywordDocumentation } from './src/daemon/keyword-documentation.ts';
      import { ledgerPage, proofsIn } from './test/rfc/ledger.ts';
      import { requirements } from './test/rfc/requirements.ts';
      export const pages = {
        'docs/keywords.md': keywordsPage(keywordDocumentation()),
        'docs/rfc-ledger.md': ledgerPage(requirements, proofsIn(${JSON.stringify(join(root, 'test'))})),
      };`,
    resolveDir: root,
  },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const bundle = Buffer.from(outputFiles[0].contents).toString('base64');
const { pages } = await import(`data:text/javascript;base64,${bundle}`);
for (const [file, page] of Object.entries(pages)) {
  writeFileSync(join(root, file), page);
  process.stdout.write(`wrote ${file}\n`);
}
