/** Slips of the hand that leave a word nearly right: signs of other languages, punctuation, units, an equals sign. */

/** Signs that look like plain ones: dashes, and the wide forms of East Asian text. */
const DASHES = /[\u2010-\u2015\u2212]/g;

const plain = (text: string): string => text.normalize('NFKC').replace(DASHES, '-').replaceAll('。', '.');

/**
 * What to write instead of a word, when a slip is all that is wrong with it.
 * @param isRight says whether a text would do
 */
export function slipIn(text: string, isRight: (text: string) => boolean): string | undefined {
  if (text.length > 200) return undefined;
  const normal = plain(text);
  const bare = normal.replace(/^[=:]+|[;,:.]+$/g, '');
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)(us|ms|s|sec|secs|m|min|h|%)$/i.exec(normal) ?? [];
  if (number !== undefined && isRight(number)) return `write the number alone: ${number}, not ${number}${unit}`;
  if (bare === text || bare === '' || !isRight(bare)) return undefined;
  const odd = [...text].find((character) => plain(character) !== character);
  return odd === undefined ? `write ${bare}` : `write ${bare}: '${odd}' is not the plain sign`;
}

/** What to write instead of `priority=100` and `priority：100`. @param isKeyword says whether a text is one */
export function slipInKeyword(text: string, isKeyword: (text: string) => boolean): string | undefined {
  const slip = slipIn(text, isKeyword);
  if (slip !== undefined || text.length > 200) return slip;
  const [, dash, rest] = /^(-+)(.*)$/.exec(plain(text)) ?? [];
  if (dash !== undefined && rest !== undefined && isKeyword(rest)) return `write ${rest}, without the dash`;
  const [, keyword, value] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(plain(text)) ?? [];
  if (keyword === undefined || !isKeyword(keyword)) return undefined;
  return `write ${[keyword, value].filter(Boolean).join(' ')}: a blank stands between a keyword and its value`;
}

/** The prefix length of a netmask, as 24 for 255.255.255.0; undefined when it is none. */
export function lengthOfMask(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || !/^[0-9.]+$/.test(text) || parts.some((part) => part > 255)) return undefined;
  const bits = parts.map((part) => part.toString(2).padStart(8, '0')).join('');
  return /^1+0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
