/** `holdfast config show`: a configuration as the agent understands it, as a file that keepalived reads too, or as JSON. */
import { existsSync } from 'node:fs';
import { printable } from '../config/diagnostic-text.ts';
import { dumpHost, hasFolder, isRunnable } from '../daemon/dump-host.ts';
import { withoutMissingCommands } from '../daemon/dump-present.ts';
import { keepalivedDump } from '../daemon/keepalived-dump.ts';
import type { ReadOutcomeWithTree } from '../daemon/root.ts';
import { showConfiguration } from '../daemon/shown-configuration.ts';
import type { ShownItem, ShownSource } from '../daemon/shown-item.ts';
import { readConfigurationFile, readConfigurationFileTree } from './config-test.ts';
import { configurationFile } from './default-file.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

/** Prints a configuration; 0, whatever is wrong inside it, or 6 when it cannot be read. */
export function showConfig(given: string | undefined, options: { json: boolean }): number {
  const file = given ?? configurationFile(existsSync);
  let outcome: ReadOutcomeWithTree;
  try {
    outcome = readConfigurationFileTree(file);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  const items = showConfiguration(outcome);
  const wrong = outcome.diagnostics.filter(({ severity }) => severity !== 'note').length;
  if (wrong > 0) process.stderr.write(`holdfast: ${wrong} mistakes, see: holdfast check ${file}\n`);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ version: 1, file, mistakes: wrong, configuration: items }, undefined, 2)}\n`
      : configText(items),
  );
  return 0;
}

/** Prints a configuration as keepalived would dump it; as `showConfig`. */
export function dumpConfig(given: string | undefined): number {
  const file = given ?? configurationFile(existsSync);
  try {
    const { configuration } = readConfigurationFile(file);
    const { global } = configuration;
    const present = withoutMissingCommands(configuration, isRunnable(global), hasFolder);
    process.stdout.write(keepalivedDump(present, dumpHost(global)));
    return 0;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
}

/** Where the comments begin, when there is room. */
const COMMENT_COLUMN = 48;

/** The items as lines of a configuration file, with comments that say where each comes from. */
export function configText(items: readonly ShownItem[]): string {
  return items.flatMap((item) => linesOf(item, 0)).join('');
}

function linesOf(item: ShownItem, depth: number): string[] {
  const remark = item.reason === undefined ? '' : ` (${item.reason})`;
  const comment = `${sourceText(item.source)}${item.actedOn ? '' : ', not acted on yet'}`;
  const said = item.given === undefined ? comment : `${comment}, there: ${item.given}${remark}`;
  switch (item.kind) {
    case 'value': {
      if (item.words === undefined) {
        return item.source === 'default'
          ? []
          : [line(depth, `# ${item.given ?? item.keyword}: no effect`, `${comment}${remark}`)];
      }
      const text = [item.keyword, ...item.words.map(quoted)].join(' ');
      // keepalived 2.2.7 reads some of these as on, whatever stands behind them: vrrp_strict.
      if (item.value === false && item.source === 'default') return [line(depth, `# ${text}`, comment)];
      return [line(depth, text, said)];
    }
    case 'lines':
      return [
        line(depth, `${item.keyword} {`, comment),
        ...item.lines.map(({ words, source, leftOut, reason }) => {
          const text = words.map(quoted).join(' ');
          if (leftOut !== true) return line(depth + 1, text, sourceText(source));
          return line(
            depth + 1,
            `# ${text}: left out`,
            `${sourceText(source)}${reason === undefined ? '' : ` (${reason})`}`,
          );
        }),
        line(depth, '}'),
      ];
    case 'block': {
      const head = [item.keyword, ...item.header.map(quoted)].join(' ');
      if (item.leftOut) {
        const what = item.actedOn || item.reason !== undefined ? 'left out' : 'not looked into';
        return [line(depth, `# ${head}: ${what}`, `${comment}${remark}`)];
      }
      return [
        line(depth, `${head} {`, said),
        ...item.items.flatMap((inner) => linesOf(inner, depth + 1)),
        line(depth, '}'),
      ];
    }
  }
}

/** `director1.conf:12`, and the block that hands the value down. */
const sourceText = (source: ShownSource): string =>
  source === 'default'
    ? 'default'
    : `${source.file}:${source.line}${source.block === undefined ? '' : ` (${source.block})`}`;

function line(depth: number, text: string, comment?: string): string {
  const indented = `${'    '.repeat(depth)}${text}`;
  return comment === undefined ? `${indented}\n` : `${indented.padEnd(COMMENT_COLUMN)} # ${oneLine(comment)}\n`;
}

const oneLine = (text: string): string => printable(text.replaceAll('\n', ' '));

/** A word as it must stand in a file to be read as it is. */
const quoted = (word: string): string => (word === '' || /[\s{}#!"'\\]/.test(word) ? `"${word}"` : word);
