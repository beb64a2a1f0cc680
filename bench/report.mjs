/** What `npm run bench` has measured as tables with medians and ratios, and as a picture: docs/performance.md. */

const LABELS = {
  stop: 'planned stop',
  mixed: 'planned stop, the other agent takes over',
  kill: 'kill -9',
  hang: 'hang (SIGSTOP)',
  link: 'cut link',
  return: 'return',
};

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** One row for each variant and event: medians of both agents, and the ratio of the gaps. */
export function summarise(runs) {
  const rows = new Map();
  for (const run of runs) {
    const key = `${run.variant}/${run.event}`;
    const row = rows.get(key) ?? { variant: run.variant, event: run.event, holdfast: [], keepalived: [] };
    row[run.agent].push(run);
    rows.set(key, row);
  }
  return [...rows.values()].map(({ variant, event, ...agents }) => {
    const of = (name) => ({
      runs: agents[name].length,
      gapMs: median(agents[name].map((run) => run.gapMs)),
      gapMaxMs: Math.max(...agents[name].map((run) => run.gapMs)),
      // JSON has no infinity: null is "to the end of the run"
      overlapMs: agents[name].some((run) => (run.overlapMs ?? null) === null)
        ? null
        : Math.max(...agents[name].map((run) => run.overlapMs)),
    });
    const [holdfast, keepalived] = [of('holdfast'), of('keepalived')];
    return { variant, event, holdfast, keepalived, ratio: holdfast.gapMs / keepalived.gapMs };
  });
}

const ms = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const overlapOf = ({ overlapMs }) => (overlapMs === null ? 'for good' : `${ms(overlapMs)} ms`);

export function table(rows) {
  const head =
    '| adverts | event | holdfast: gap, median (max) | two holders | keepalived: gap, median (max) | two holders | ratio of the gaps |';
  const line = ({ variant, event, holdfast, keepalived, ratio }) => {
    const cells = [holdfast, keepalived].flatMap((one) => [
      `${ms(one.gapMs)} (${ms(one.gapMaxMs)}) ms`,
      overlapOf(one),
    ]);
    return `| ${[variant, LABELS[event], ...cells, Number.isFinite(ratio) ? ratio.toFixed(3) : '–'].join(' | ')} |`;
  };
  return [head, '|---|---|---|---|---|---|---|', ...rows.map(line)].join('\n');
}

const WIDTH = 940;
const LEFT = 350;
const ROW = 44;
const BAR = 14;
const COLOURS = { holdfast: '#2563eb', keepalived: '#9ca3af' };

/** Bars on a logarithmic scale from 1 ms on. */
export function picture(rows) {
  const most = Math.max(10, ...rows.flatMap(({ holdfast, keepalived }) => [holdfast.gapMs, keepalived.gapMs]));
  const x = (value) => (Math.log10(Math.max(1, value)) / Math.log10(most)) * (WIDTH - LEFT - 110);
  const height = 60 + rows.length * ROW;
  const parts = rows.flatMap(({ variant, event, ...agents }, n) => {
    const top = 50 + n * ROW;
    const bars = ['holdfast', 'keepalived'].flatMap((name, k) => {
      const { gapMs, overlapMs } = agents[name];
      const y = top + k * (BAR + 2);
      const note = overlapMs === null ? ', two holders for good' : '';
      return [
        `<rect x="${LEFT}" y="${y}" width="${Math.max(1, x(gapMs)).toFixed(1)}" height="${BAR}" fill="${COLOURS[name]}"/>`,
        `<text x="${(LEFT + x(gapMs) + 5).toFixed(1)}" y="${y + 11}">${ms(gapMs)} ms${note}</text>`,
      ];
    });
    return [`<text x="${LEFT - 8}" y="${top + 19}" text-anchor="end">${variant}, ${LABELS[event]}</text>`, ...bars];
  });
  const legend = Object.entries(COLOURS).map(
    ([name, colour], n) =>
      `<rect x="${LEFT + n * 110}" y="14" width="12" height="12" fill="${colour}"/><text x="${LEFT + n * 110 + 17}" y="24">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<title>Gaps that a client sees, holdfast beside keepalived</title>',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...legend,
    `<text x="8" y="24">gap seen by a client, median</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Groups runs by a key, in their order. */
function grouped(runs, keyOf) {
  const groups = new Map();
  for (const run of runs) {
    const key = keyOf(run);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

const ratio = (ours, theirs) =>
  ours === undefined || theirs === undefined || theirs === 0 ? '–' : (ours / theirs).toFixed(3);

const row = (cells) => `| ${cells.join(' | ')} |`;
const head = (cells) => [row(cells), row(cells.map(() => '---'))];

/** One line for each variant and state: lateness, and takeovers without a reason. */
export function steadinessTable(runs) {
  const figures = (of) => {
    if (of.length === 0) return ['–', '–'];
    const late = ['p50', 'p99', 'p999', 'max'].map((name) => median(of.map((run) => run.late[name])).toFixed(2));
    const takeovers = of.reduce((all, run) => all + run.takeovers, 0);
    const seconds = of.reduce((all, run) => all + run.seconds, 0);
    return [late.join(' / '), `${takeovers} in ${seconds} s`];
  };
  const lines = grouped(runs, ({ variant, state }) => `${variant} ${state}`).map((group) => {
    const [ours, theirs] = ['holdfast', 'keepalived'].map((name) => group.filter(({ agent }) => agent === name));
    const worst = (of) => (of.length === 0 ? undefined : median(of.map((run) => run.late.p999)));
    const withdrawals = ours.reduce((all, run) => all + run.withdrawals, 0);
    const { variant, state } = group[0];
    return row([variant, state, ...figures(ours), withdrawals, ...figures(theirs), ratio(worst(ours), worst(theirs))]);
  });
  return [
    ...head([
      'adverts',
      'meanwhile',
      'holdfast: late by p50 / p99 / p99.9 / max, ms',
      'false takeovers',
      'guard acted',
      'keepalived: late by',
      'false takeovers',
      'ratio of p99.9',
    ]),
    ...lines,
  ].join('\n');
}

/** One line for each number of instances. */
export function restTable(runs) {
  const lines = grouped(runs, ({ instances }) => instances).flatMap((group) => {
    const of = (name, figure) => {
      const values = group.filter(({ agent }) => agent === name).map((run) => run[figure]);
      return values.length === 0 ? undefined : median(values);
    };
    const cells = (name) => [
      `${of(name, 'firstLineMs')?.toFixed(0) ?? '–'} / ${of(name, 'electingMs')?.toFixed(0) ?? '–'} / ${of(name, 'masterMs')?.toFixed(0) ?? '–'}`,
      `${of(name, 'pss')?.toFixed(1) ?? '–'} / ${of(name, 'rss')?.toFixed(1) ?? '–'}`,
      of(name, 'cpu')?.toFixed(2) ?? '–',
    ];
    const node = median(group.map((run) => run.nodeMs));
    return [
      row([
        group[0].instances,
        ...cells('holdfast'),
        ...cells('keepalived'),
        ratio(of('holdfast', 'pss'), of('keepalived', 'pss')),
        node.toFixed(0),
      ]),
    ];
  });
  return [
    ...head([
      'instances',
      'holdfast: first line / electing / MASTER less its waiting, ms',
      'PSS / RSS, MiB',
      'CPU, %',
      'keepalived: the same',
      'PSS / RSS, MiB',
      'CPU, %',
      'ratio of PSS',
      '`node -e 0`, ms',
    ]),
    ...lines,
  ].join('\n');
}

/** The machine of a part, and that of the rows that were measured again later. */
function whereOf({ machine, later = {} }) {
  const rows = new Map();
  for (const [row, where] of Object.entries(later)) rows.set(where, [...(rows.get(where) ?? []), row]);
  return [machine, ...[...rows].map(([where, names]) => `Later, ${names.join(', ')}: ${where}`)].join(' ');
}

/** The page. @param result what each part has measured; a part that was not run is left out */
export function page({ failover, steadiness, rest }) {
  const parts = [
    '# Measured beside keepalived',
    '',
    'Made by `npm run bench -- --out docs`; nothing here is written by hand. Both agents run the same files on the same machine in turn;',
    'compare within a line, not between machines or parts.',
    '',
  ];
  if (failover) {
    parts.push(
      '## Failover',
      '',
      whereOf(failover),
      '',
      'What a client sees that asks the virtual IP every 2 ms (0: no request was lost), and how long two nodes',
    );
    parts.push('had the address.', '', '![gaps](performance.svg)', '', table(summarise(failover.runs)), '');
  }
  if (steadiness) {
    parts.push(
      '## Steadiness',
      '',
      whereOf(steadiness),
      '',
      "How late the MASTER's advertisements were on the wire, and how often the BACKUP took over although nothing",
    );
    parts.push(
      'had happened. At 10 ms both agents run with `vrrp_rt_priority 50`.',
      '',
      steadinessTable(steadiness.runs),
      '',
    );
  }
  if (rest) {
    parts.push(
      '## Start and rest',
      '',
      whereOf(rest),
      '',
      'From exec; then all processes together as MASTER at 1 s, with a service of ten real servers (of keepalived',
    );
    parts.push('VRRP alone, where the kernel has no IPVS).', '', restTable(rest.runs), '');
  }
  return parts.join('\n');
}
