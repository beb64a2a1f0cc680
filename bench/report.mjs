/** The runs of bench/failover.ts as a table with medians and ratios, and as a picture. */

const LABELS = { stop: 'planned stop', kill: 'kill -9', hang: 'hang (SIGSTOP)', link: 'cut link', return: 'return' };

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
    return `| ${[variant, LABELS[event], ...cells, ratio.toFixed(3)].join(' | ')} |`;
  };
  return [head, '|---|---|---|---|---|---|---|', ...rows.map(line)].join('\n');
}

const WIDTH = 760;
const LEFT = 190;
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
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...legend,
    `<text x="8" y="24">gap seen by a client, median</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
