/** `holdfast completion bash` and `zsh`, in the real shells. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-line.ts';
import { makeProgram } from '../../src/cli/commands.ts';
import { bashCompletion, zshCompletion } from '../../src/cli/completion.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-completion-'));
const script = join(directory, 'holdfast');
beforeAll(() => writeFileSync(script, bashCompletion(makeProgram({}, () => {}))));
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash proposes for the last word. */
function proposed(...words: string[]): string[] {
  const call = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf "%s\\n" "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-uc', call, 'bash', script, 'holdfast', ...words], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('holdfast completion bash', () => {
  it('proposes the commands', () => {
    expect(proposed('').sort()).toEqual([...COMMANDS].sort());
    expect(proposed('st')).toEqual(['status']);
  });

  it('proposes the options of the command that was typed', () => {
    expect(proposed('check', '--')).toEqual(['--json', '--strict', '--separate', '--help']);
    expect(proposed('check', '--json', 'a.conf', '--st')).toEqual(['--strict']);
    expect(proposed('--config')).toEqual(['--config-test', '--config-id']);
  });

  it('proposes the commands of a command, also for help', () => {
    expect(proposed('config', 'e')).toEqual(['explain']);
    expect(proposed('help', 'comp')).toEqual(['completion']);
    expect(proposed('completion', '')).toEqual(['bash', 'zsh']);
  });

  it('proposes keywords for config explain', () => {
    expect(proposed('config', 'explain', 'preempt')).toEqual(['preempt', 'preempt_delay']);
  });

  it('leaves files to bash', () => {
    expect(proposed('check', '')).toEqual([]);
    expect(proposed('-t', '-f', '')).toEqual([]);
  });

  it('is registered for holdfast', () => {
    const { stdout } = spawnSync('bash', ['-c', 'source "$1"; complete -p holdfast', 'bash', script], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('complete -o bashdefault -o default -F _holdfast holdfast\n');
  });
});

/** zsh, where it is installed. */
const ZSH = process.env.ZSH_FOR_TEST ?? 'zsh';

/** What zsh proposes for the last word: compadd and _files are replaced by what tells their arguments. */
function proposedByZsh(...words: string[]): string[] {
  const file = join(directory, '_holdfast');
  writeFileSync(file, zshCompletion(makeProgram({}, () => {})));
  const call = `
    compdef() { registered="$*" }
    compadd() { shift; print -rl -- "$@" }
    _files() { print -r -- FILES }
    source "$1" && [[ $registered == "_holdfast holdfast" ]] || exit 9
    shift; words=("$@"); CURRENT=$#; _holdfast`;
  const { stdout, stderr, status } = spawnSync(ZSH, ['-f', '-c', call, 'zsh', file, 'holdfast', ...words], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('holdfast completion zsh', () => {
  it('proposes commands, options, keywords and files', ({ skip }) => {
    skip(spawnSync(ZSH, ['-f', '-c', 'true']).status !== 0, 'zsh is not installed');
    expect(proposedByZsh('').sort()).toEqual([...COMMANDS].sort());
    expect(proposedByZsh('check', '--')).toEqual(['--json', '--strict', '--separate', '--help']);
    expect(proposedByZsh('config', '')).toEqual(['show', 'explain', 'help']);
    expect(proposedByZsh('config', 'explain', 'pre')).toContain('preempt_delay');
    expect(proposedByZsh('completion', '')).toEqual(['bash', 'zsh']);
    expect(proposedByZsh('check', '')).toEqual(['FILES']);
    expect(proposedByZsh('-t', '-f', '')).toEqual(['FILES']);
  });

  it('is a function of that name for $fpath', () => {
    const script = zshCompletion(makeProgram({}, () => {}));
    expect(script).toMatch(/^#compdef holdfast\n/);
    // 'path' is PATH in zsh
    expect(script).not.toMatch(/^ +local .*\bpath\b|\bpath=/m);
  });
});
