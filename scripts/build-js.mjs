// Bundles src/ into dist/: one bundle for each kind of process, so that each has in memory what it runs and no more, and beside
// them what V8 has compiled of them.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeCodeCaches } from './code-cache.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // names stay: they are in every stack trace
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  logLevel: 'warning',
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  ...shared,
  entryPoints: ['src/main.ts', 'src/election.ts', 'src/health.ts'],
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  // compiled code that was kept cannot import, and need not: require() does the same
  supported: { 'dynamic-import': false },
  // few send mail, and it is a third of the agent
  alias: { nodemailer: './nodemailer.cjs' },
  external: ['./nodemailer.cjs'],
});
await build({ ...shared, entryPoints: { nodemailer: 'nodemailer' }, sourcemap: false });
process.stdout.write('built dist/\n');
await writeCodeCaches();
