// Builds holdfast_VERSION_ARCH.deb: the bundles, the compiled addon and a Node of its own. Needs dpkg-deb; no root.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { writeCodeCaches } from './code-cache.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The Node inside the package, from the npm registry, held to what it was when it was chosen. */
const NODE_VERSION = '24.21.0';
const ARCHITECTURES = {
  x64: {
    debian: 'amd64',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    debian: 'arm64',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

const MAINTAINER = 'The holdfast developers <holdfast@localhost>';

const architecture = ARCHITECTURES[process.arch];
if (!architecture) fail(`no package for ${process.arch}: known are ${Object.keys(ARCHITECTURES).join(', ')}`);

const started = Date.now();
const say = (text) => process.stdout.write(`package: ${text}\n`);
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', ...options });

say('building');
run('npm', ['run', '--silent', 'build']);
const node = privateNode();

const stage = join(root, '.cache', 'package');
rmSync(stage, { recursive: true, force: true });
const at = (...parts) => {
  const path = join(stage, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  return path;
};

cpSync(join(root, 'dist'), at('usr/lib/holdfast/dist'), {
  recursive: true,
  filter: (source) => !/\.(map|cache)$/.test(source) && !source.includes(join('dist', 'lab')),
});
const addon = at(`usr/lib/holdfast/prebuilds/linux-${process.arch}/holdfast.node`);
cpSync(join(root, 'native/build/Release/holdfast.node'), addon);
const guard = at(`usr/lib/holdfast/prebuilds/linux-${process.arch}/holdfast-guard`);
cpSync(join(root, 'native/build/Release/holdfast-guard'), guard);
chmodSync(guard, 0o755);
cpSync(node, at('usr/lib/holdfast/bin/node'));
run('strip', ['--strip-unneeded', addon, at('usr/lib/holdfast/bin/node')]);
chmodSync(addon, 0o644);
chmodSync(at('usr/lib/holdfast/bin/node'), 0o755);
// the launcher of the checkout, started by the Node of the package
const launcher = readFileSync(join(root, 'bin/holdfast'), 'utf8').replace(/^#!.*/, '#!/usr/lib/holdfast/bin/node');
writeFileSync(at('usr/lib/holdfast/bin/holdfast'), launcher, { mode: 0o755 });
for (const name of ['bundle.js', 'package.json']) cpSync(join(root, 'bin', name), at('usr/lib/holdfast/bin', name));
await writeCodeCaches({ node: at('usr/lib/holdfast/bin/node'), tree: at('usr/lib/holdfast') });
writeFileSync(
  at('usr/lib/holdfast/package.json'),
  `${JSON.stringify({ name: 'holdfast', version, type: 'module' })}\n`,
);
mkdirSync(at('usr/sbin'), { recursive: true });
symlinkSync('../lib/holdfast/bin/holdfast', at('usr/sbin/holdfast'));
cpSync(join(root, 'packaging/holdfast.service'), at('lib/systemd/system/holdfast.service'));
cpSync(join(root, 'config'), at('usr/share/doc/holdfast/examples'), { recursive: true });
mkdirSync(at('etc/holdfast'), { recursive: true });
writeFileSync(at('usr/share/doc/holdfast/copyright'), copyright());
const gzip = (text) => gzipSync(text, { level: 9 });
writeFileSync(at('usr/share/doc/holdfast/NEWS.gz'), gzip(readFileSync(join(root, 'CHANGELOG.md'))));
writeFileSync(at('usr/share/doc/holdfast/changelog.gz'), gzip(debianChangelog()));
for (const page of ['holdfast.8', 'holdfast.conf.5']) {
  const text = readFileSync(join(root, 'packaging', page));
  writeFileSync(at(`usr/share/man/man${page.at(-1)}/${page}.gz`), gzip(text));
}

writeFileSync(
  at('usr/share/bash-completion/completions/holdfast'),
  run(process.execPath, [join(root, 'bin/holdfast'), 'completion', 'bash']),
);

const size = Number(run('du', ['-sk', '--apparent-size', stage]).split('\t')[0]);
writeFileSync(
  at('DEBIAN/control'),
  `Package: holdfast
Version: ${version}
Architecture: ${architecture.debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: libc6 (>= 2.34), libstdc++6, libgcc-s1
Recommends: kmod
Suggests: ipvsadm, iproute2
Section: admin
Priority: optional
Description: ${description.split(':')[0]}
 holdfast elects a MASTER with VRRP, holds the virtual IPs, programs the
 kernel's IPVS table and checks the real servers, from the configuration file
 that keepalived users already have. It says what happens and why.
`,
);
for (const script of ['postinst', 'prerm', 'postrm']) {
  cpSync(join(root, 'packaging', script), at('DEBIAN', script));
  chmodSync(at('DEBIAN', script), 0o755);
}

const file = `holdfast_${version}_${architecture.debian}.deb`;
say('packing');
run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', stage, join(root, file)]);
rmSync(stage, { recursive: true, force: true });
say(`${file} in ${((Date.now() - started) / 1000).toFixed(1)} s`);

/** The path of the Node to put inside, fetched once. */
function privateNode() {
  const name = `node-linux-${process.arch}`;
  const cache = join(root, '.cache', `${name}-${NODE_VERSION}`);
  const binary = join(cache, 'package/bin/node');
  if (existsSync(binary)) return binary;
  say(`fetching Node ${NODE_VERSION} (${name})`);
  mkdirSync(cache, { recursive: true });
  const tarball = join(
    cache,
    run('npm', ['pack', '--silent', '--pack-destination', cache, `${name}@${NODE_VERSION}`]).trim(),
  );
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (integrity !== architecture.integrity) fail(`${name} ${NODE_VERSION} is not what it was: ${integrity}`);
  run('tar', ['-xzf', tarball, '-C', cache, 'package/bin/node', 'package/LICENSE']);
  rmSync(tarball);
  return binary;
}

/** What Debian's tools read; what changed is told in NEWS.gz. */
function debianChangelog() {
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `holdfast (${version}) unstable; urgency=medium\n\n  * See NEWS.gz.\n\n -- ${MAINTAINER}  ${date}\n`;
}

function copyright() {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: holdfast

Files: *
Copyright: 2026 the holdfast developers
License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/holdfast/bin/node
Copyright: Node.js contributors
License: MIT
 See https://github.com/nodejs/node/blob/v${NODE_VERSION}/LICENSE for this and the licenses of its parts.

Files: usr/lib/holdfast/dist/*
Copyright: the holdfast developers; pino: Matteo Collina and contributors; commander: TJ Holowaychuk and contributors
License: Apache-2.0 and MIT
 pino and commander are bundled under the MIT license.
`;
}

function fail(sentence) {
  process.stderr.write(`package: ${sentence}\n`);
  process.exit(1);
}
