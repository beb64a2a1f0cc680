// Writes docs/keywords.md from the keyword tables. test/config/keywords-page.test.ts fails when it is stale.
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
      export const page = keywordsPage(keywordDocumentation());`,
    resolveDir: root,
  },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const { page } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
writeFileSync(join(root, 'docs/keywords.md'), page);
process.stdout.write('wrote docs/keywords.md\n');
