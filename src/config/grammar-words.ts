// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how parameters are written
/** What can stand anywhere in a configuration, before any keyword is looked at: `holdfast config explain include`. */
import type { KeywordDocumentation } from './documentation.ts';

const word = (
  name: string,
  expected: string,
  doc: string,
  aliases: readonly (string | { readonly word: string; readonly message: string })[] = [],
): KeywordDocumentation => ({
  word: name,
  aliases: aliases.map((alias) => (typeof alias === 'string' ? { word: alias } : alias)),
  blocks: [],
  form: 'grammar',
  expected,
  required: false,
  actedOn: 'yes',
  doc,
  notes: [],
});

/** In the order in which people meet them. */
export const grammarWords: readonly KeywordDocumentation[] = [
  word('#', 'anything', 'A comment, up to the end of the line; \\# is the character itself.', ['!']),
  word('{', '}', 'A block: stands behind its keyword or on the next line. A line ends at a brace.', ['}']),
  word('"', '"', 'Makes one word of what has blanks, braces or comment characters in it.'),
  word(
    'include',
    'a file, or a pattern with *, ?, [] and {}',
    'Reads the lines of other files here. Relative names start in the folder of this file; executable files are not read. ' +
      'A missing file is said, and is an error for the variants:',
    [
      { word: 'includer', message: 'unreadable files are errors' },
      { word: 'includem', message: 'and missing ones' },
      { word: 'includew', message: 'and patterns that match nothing' },
      { word: 'includeb', message: 'missing ones, and alternatives in {} that match nothing' },
      { word: 'includea', message: 'all of these' },
    ],
  ),
  word(
    '@ID',
    'the rest of the line',
    'Only on the host of that name: the name up to its first dot, or what option -i says. One file can then serve all ' +
      'nodes; holdfast check FILE@ID reads it as one of them.',
    [
      { word: '@^ID', message: 'on all other hosts' },
      { word: '@', message: 'see @ID' },
    ],
  ),
  word(
    '$NAME',
    '=VALUE, to define it',
    'A parameter: the line $NAME=VALUE defines it, $NAME or ${NAME} stands for its value, which may have several lines ' +
      'when each but the last ends in \\. It is looked up when it is used.',
    [
      { word: '${NAME}', message: 'where letters follow' },
      { word: '$', message: 'see $NAME' },
    ],
  ),
  word('${_PWD}', 'nothing', 'The folder of this file.'),
  word('${_INSTANCE}', 'nothing', 'What @ID lines ask for.'),
  word('${_RANDOM}', 'a least and a largest number, if wanted', 'A number by chance, as in ${_RANDOM 1 100}.'),
  word('${_ENV}', 'the name of a variable', 'A variable of the environment, as in ${_ENV HOME}.'),
  word('${_HASH}', 'nothing', 'The character #.'),
  word('${_BANG}', 'nothing', 'The character !.'),
  word(
    '~SEQ',
    '(NAME, [START, [STEP,]] END) and the rest of the line',
    'Repeats the line with $NAME as each of the numbers.',
    [{ word: '~SEQx', message: 'with hexadecimal numbers' }],
  ),
  word('~LST', '(NAME, VALUE, …) and the rest of the line', 'Repeats the line with $NAME as each of the values.'),
];
