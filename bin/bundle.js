/**
 * The bundles in dist/, one for each kind of process, and what V8 has kept of compiling them (scripts/code-cache.mjs): with it
 * they are loaded in half the time. Without it, or with one of another Node, everything is compiled as it is needed.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const ROLES = new Set(['election', 'health']);

/** The bundle that a command line is for: `@election` and `@health` come from the agent itself. */
function bundleOf([word = '']) {
  const role = word.startsWith('@') ? word.slice(1) : '';
  return join(__dirname, '..', 'dist', `${ROLES.has(role) ? role : 'main'}.cjs`);
}

/** Where the compiled code of a bundle is kept. */
const cacheOf = (bundle) => `${bundle}.cache`;

/** @param withCache false: as if nothing were kept */
function compile(bundle, withCache = true) {
  // the bundles are ASCII
  const source = readFileSync(bundle, 'latin1');
  const wrapper = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  return new Script(wrapper, { filename: bundle, cachedData: withCache ? cached(bundle) : undefined });
}

function cached(bundle) {
  try {
    return readFileSync(cacheOf(bundle));
  } catch {
    return undefined;
  }
}

function run(bundle, script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(bundle), module, bundle, dirname(bundle));
}

module.exports = { bundleOf, cacheOf, compile, run };
