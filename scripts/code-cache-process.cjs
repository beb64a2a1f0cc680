// One process of the agent, as $HOLDFAST_TREE/bin/holdfast starts it, that keeps at its end what V8 has compiled of its bundle.
'use strict';
const { writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { bundleOf, cacheOf, compile, run } = require(`${process.env.HOLDFAST_TREE}/bin/bundle.js`);

const bundle = bundleOf(process.argv.slice(2));
const script = compile(bundle, false);
process.once('exit', (status) => {
  if (status !== 0) return;
  // V8 takes code only with the flags that it was compiled with. The agent changes this one as it goes: back to what it is at first
  setFlagsFromString('--semi-space-growth-factor=2');
  writeFileSync(cacheOf(bundle), script.createCachedData());
});
run(bundle, script);
