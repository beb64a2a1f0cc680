// Run as a process of the agent would be: says whether V8 takes the code that is kept of its bundle. argv: TREE, ROLE.
const { bundleOf, cacheOf, compile } = require(`${process.argv[2]}/bin/bundle.js`);
const bundle = bundleOf(process.argv.slice(3));
const isKept = require('node:fs').existsSync(cacheOf(bundle));
console.log(isKept && compile(bundle).cachedDataRejected === false ? 'taken' : 'not taken');
