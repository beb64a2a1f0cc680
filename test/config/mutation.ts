/** Small damage to configuration files, the same for the same seed. */

/** Numbers from 0 to 1, always the same for a seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

/** What confuses readers of configuration files. */
const CONFUSION = [
  ...[
    '{',
    '}',
    '{ {',
    '} }',
    '"',
    '""',
    '\\',
    '\\#',
    '#',
    '!',
    '//',
    '// {',
    '//"',
    "'",
    '\t',
    '\r',
    '\n',
    '\n{\n',
    '\n}\n',
    ' ',
  ],
  ...['\u00a0', '\u3000', '\u200b', '\u201c', '\ufeff', '\0', '\ufffd', '😀', '默认', '\ud800', '\x1b[2J'],
  ...[
    '$A=',
    '$A',
    '$' + '{A}',
    '@x ',
    '@^x ',
    '~SEQ(i, 9) ',
    'include x',
    '<<<<<<<',
    '=======',
    '__proto__',
    'constructor',
  ],
  ...[
    '-1',
    '0',
    '1',
    '255',
    '256',
    '65536',
    '4294967296',
    '1e9',
    '0.0000001',
    '9'.repeat(400),
    'NaN',
    '1.2.3.4/33',
    '::',
    'fd00::1',
  ],
  ...[
    'vrrp_instance',
    'virtual_server',
    'real_server',
    'TCP_CHECK',
    'authentication {',
    'virtual_ipaddress',
    'fwmark',
    'group',
  ],
  ...[
    'state',
    'interface lo',
    'priority',
    'auth_pass',
    'version 3',
    'strict_mode',
    'connect_port',
    'nb_get_retry',
    'dev',
    'label',
    'brd +',
  ],
];

/** A damaged copy of `text`; `other` is a file that pieces are taken from. */
export function mutate(text: string, other: string, random: () => number): string {
  let mutated = text;
  for (let times = 1 + Math.floor(random() * 6); times > 0; times--) mutated = damage(mutated, other, random);
  return mutated;
}

function damage(text: string, other: string, random: () => number): string {
  const pick = (n: number): number => Math.floor(random() * n);
  const at = pick(text.length + 1);
  const confusion = CONFUSION[pick(CONFUSION.length)] ?? '';
  const lines = text.split('\n');
  const line = pick(lines.length);
  switch (pick(9)) {
    case 0:
      return text.slice(0, at) + confusion + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + pick(8));
    case 2:
      return lines.toSpliced(line, 1).join('\n');
    case 3:
      return lines.toSpliced(line, 0, lines[pick(lines.length)] ?? '').join('\n');
    case 4:
      return lines.toSpliced(line, 1, (lines[line] ?? '').replace(/\S+/, confusion)).join('\n');
    case 5:
      return lines.toSpliced(line, 1, (lines[line] ?? '').replace(/\S+\s*$/, confusion)).join('\n');
    case 6:
      return text.slice(0, at);
    case 7:
      return lines.toSpliced(line, 0, ...other.split('\n').slice(pick(20), 20 + pick(40))).join('\n');
    default:
      return text.replace(/[{}]/g, (brace) => (random() < 0.1 ? '' : brace));
  }
}
