// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how parameters are written
import { describe, expect, it } from 'vitest';
import { Report } from '../../src/config/diagnostics.ts';
import { expand } from '../../src/config/expand.ts';
import type { FileAccess } from '../../src/config/glob.ts';
import type { Surroundings } from '../../src/config/parameters.ts';
import type { Stretch } from '../../src/config/source.ts';

const HERE: Surroundings = {
  configId: 'one',
  environment: (name) => (name === 'SITE' ? 'berlin' : undefined),
  random: (min, max) => max - min,
  absolute: (folder) => `/etc/${folder}`,
};

/** Files by path; a name that ends in `*` can be executed. */
function folder(content: Record<string, string>, reads: string[] = []): FileAccess {
  return {
    readFile(path) {
      reads.push(path);
      const text = content[path];
      if (text === undefined) throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
      return text;
    },
    kindOf: (path) => {
      if (content[path] !== undefined || path.startsWith('locked')) return 'file';
      return content[`${path}*`] === undefined ? undefined : 'executable';
    },
    list: () => Object.keys(content),
  };
}

/** The lines that are to be read, without blanks around them. */
const linesOf = (stretches: readonly Stretch[]): string[] =>
  stretches
    .flatMap(({ text, start, end }) =>
      text
        .slice(start, end)
        .split('\n')
        .map((line) => line.trim()),
    )
    .filter(Boolean);

function lines(text: string, more: Record<string, string> = {}) {
  const report = new Report();
  const expanded = expand('main', folder({ main: text, ...more }), HERE, report);
  const { diagnostics, exitCode } = report.finish();
  const said = diagnostics.map(({ file, line, message }) => `${file}:${line} ${message}`);
  return { text: linesOf(expanded), said, exitCode };
}

describe('@id', () => {
  it('keeps a line for this router, and @^id for all others', () => {
    expect(lines('@one a\n@two b\n@^one c\n@^two d\n@one\n@ one e').text).toEqual(['a', 'd']);
  });

  it('chooses between definitions, and may come from a parameter', () => {
    expect(lines('@one $P=1\n@two $P=2\n${P}\n$ON=@two\n$ON b').text).toEqual(['1']);
  });
});

describe('a parameter', () => {
  it('has the value that it has where it is used', () => {
    expect(lines('$A=${B} x\n$B=1\n${A}\n$B=2\n$A').text).toEqual(['1 x', '2 x']);
  });

  it('needs braces inside a word; without them it ends at a blank, a comma, a parenthesis or the line', () => {
    expect(lines('$A=1\nx${A}y $A.z ($A) $A,$A').text).toEqual(['x1y $A.z (1) 1,1']);
  });

  it('may have several lines, which are read where they are used', () => {
    expect(lines('$A= \\\n a \\\n @two b \\\n $P=7 \\\n c${P}\nx\n$A').text).toEqual(['x', 'a', 'c7']);
  });

  it('that nobody defined is an error and does not open a block', () => {
    const { text, said } = lines('a ${NO} b "${NO}"');
    expect(text).toEqual(['a $NO b "${NO}"']);
    expect(said).toEqual(['main:1 the parameter ${NO} is not defined']);
  });

  it('that names itself is an error, not an endless loop', () => {
    expect(lines('$A=$B\n$B=x$A\n$A').said).toEqual([
      'main:3 a parameter in this line names itself; the line is left out',
    ]);
    expect(lines('$A=${A}${A}\n${A}').said).toEqual(['main:2 parameters make this line too long; it is left out']);
  });

  it('may be built in', () => {
    const text = '${_PWD} ${_INSTANCE} ${_ENV SITE} ${_RANDOM 3 5} a${_HASH}b "${_BANG}"';
    expect(lines(text).text).toEqual(['/etc/ one berlin 2 a\\#b "!"']);
  });

  it('is not defined after a blank, or inside a line', () => {
    expect(lines('$A = 1\nx$B=2').text).toEqual(['$A = 1', 'x$B=2']);
  });
});

describe('a sequence', () => {
  it('repeats its line, the rightmost fastest', () => {
    expect(lines('~SEQ(i,2)~SEQ(j,4,-2,1) a${i}${j}').text).toEqual(['a14', 'a12', 'a24', 'a22']);
    expect(lines('~SEQx(i,0x9,11) a${i}').text).toEqual(['a9', 'aa', 'ab']);
    expect(lines('~SEQ(i,-2) ${i}').text).toEqual(['-1', '-2']);
  });

  it('may be a list, of one name or of several', () => {
    expect(lines('~LST(i,a, b) x${i}').text).toEqual(['xa', 'xb']);
    expect(lines('~LST({i,j},{1,2},{3}) x${i}-${j}').text).toEqual(['x1-2', 'x3-']);
  });

  it.each(['~SEQ(i,1,-1,3) a', '~SEQ(i,1,0,3) a', '~SEQ(i) a', '~SEQx(i,-2) a', '~LST(i) a', '~LST({i},{1,2}) a'])(
    '%s is an error and leaves its line out',
    (text) => {
      const { text: left, said } = lines(text);
      expect(left).toEqual([]);
      expect(said).toHaveLength(1);
    },
  );
});

describe('include', () => {
  it('reads files where it stands, by pattern and from the folder of the including file', () => {
    const more = { 'd/a': 'x\ninclude b', 'd/b': 'y' };
    expect(lines('1\ninclude d/a\n2', more).text).toEqual(['1', 'x', 'y', '2']);
    expect(lines('include d/{b,a}', more).text).toEqual(['y', 'x', 'y']);
    expect(lines('include [pq]?', { p1: 'one', q1: 'two', r1: 'three' }).text).toEqual(['one', 'two']);
  });

  it('reads each file once, however often it is included', () => {
    const reads: string[] = [];
    const files = folder({ main: 'include a\ninclude a', a: 'x' }, reads);
    expect(linesOf(expand('main', files, HERE, new Report()))).toEqual(['x', 'x']);
    expect(reads).toEqual(['main', 'a']);
  });

  it('ends where a file includes itself', () => {
    expect(lines('include a', { a: 'x\ninclude main' }).said).toEqual([
      'a:2 main includes itself; it is not read again',
    ]);
  });

  it.each([
    ['include no', 0],
    ['includer no', 0],
    ['includem no', 6],
    ['includem no*', 0],
    ['includew no*', 6],
    ['includeb {no,a}', 6],
    ['includea no', 6],
    ['global_defs {\ninclude_check\n}\ninclude no', 6],
    ['global_defs { include_check match }\ninclude no', 6],
    ['global_defs {\n include_check match\n}\ninclude run', 6],
    ['global_defs {\n include_check +match\n}\ninclude run', 0],
    ['global_defs {\n include_check wildcard_match\n}\ninclude no', 0],
    ['global_defs {\n include_check +wildcard_match\n}\ninclude no*', 6],
    ['global_defs {\n $C=include_check\n $C\n}\ninclude no', 6],
    ['vrrp_instance V {\ninclude_check\n}\ninclude no', 0],
    ['includem {no,nor}', 0],
    ['includew {no,nor}*', 6],
    ['includew no', 6],
    ['includeb no', 0],
    ['includeb {no*,a}', 0],
    ['include {}', 0],
    ['includea {no', 6],
    ['include run', 0],
    ['includer run', 6],
    ['include locked', 0],
    ['includer locked', 6],
  ])('%s says what is missing and ends with %i', (text, exitCode) => {
    const result = lines(text, { a: '', 'run*': '' });
    expect(result.said.length).toBeGreaterThan(0);
    expect(result.exitCode).toBe(exitCode);
  });
});
