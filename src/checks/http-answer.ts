/**
 * What makes the answer to one `url` of HTTP_GET and SSL_GET right: status code, MD5 sum, regular expression.
 * keepalived.conf(5) "HTTP_GET".
 */
import { ok, type Result } from '../base/result.ts';
import { type BodyDigest, type CheckIo, type CheckResult, HEALTHY, unhealthy } from './checker.ts';
import type { AnswerPattern, Page } from './checker-config.ts';
import { translatePattern } from './pcre.ts';

/** How much of an answer a regular expression sees: a page that is longer is none to be checked so. */
export const SEARCHED_BYTES = 1024 * 1024;

/** Expressions are translated once each. */
const translated = new WeakMap<AnswerPattern, Result<RegExp>>();

function translationOf(pattern: AnswerPattern): Result<RegExp> {
  const known = translated.get(pattern) ?? translatePattern(pattern.expression, pattern.options);
  translated.set(pattern, known);
  return known;
}

/** Takes the headers, then the body piece by piece, and judges it at the end; keeps what a regular expression needs and nothing else. */
export class HttpJudge {
  readonly #page: Page;
  readonly #io: Pick<CheckIo, 'search'>;
  readonly #expression: RegExp | undefined;
  readonly #digest: BodyDigest | undefined;
  readonly #kept: Uint8Array[] = [];
  #length = 0;

  private constructor(page: Page, io: Pick<CheckIo, 'md5' | 'search'>, expression: RegExp | undefined) {
    this.#page = page;
    this.#io = io;
    this.#expression = expression;
    this.#digest = page.digest === undefined ? undefined : io.md5();
  }

  /** The judge of a page; a reason where its regular expression cannot be used. */
  static of(page: Page, io: Pick<CheckIo, 'md5' | 'search'>): Result<HttpJudge> {
    const expression = page.pattern === undefined ? ok(undefined) : translationOf(page.pattern);
    return expression.ok ? ok(new HttpJudge(page, io, expression.value)) : expression;
  }

  /** A regular expression is looked for in the headers too, and its offsets count from their beginning: as in keepalived 2.2.7. */
  head(text: string): void {
    if (this.#expression === undefined) return;
    this.#kept.push(Buffer.from(text, 'latin1'));
    this.#length += text.length;
  }

  /** False: nothing that comes can change the verdict. */
  take(piece: Uint8Array): boolean {
    const wanted = this.#expression !== undefined && this.#length < SEARCHED_BYTES;
    if (wanted) this.#kept.push(piece.slice(0, SEARCHED_BYTES - this.#length));
    this.#length += piece.length;
    this.#digest?.update(piece);
    return this.#digest !== undefined || (this.#expression !== undefined && this.#length < SEARCHED_BYTES);
  }

  verdict(status: number, certificateEnd?: string): CheckResult {
    const { statusCodes, digest, pattern } = this.#page;
    if (!statusCodes.some(([first, last]) => status >= first && status <= last)) return unhealthy(`status ${status}`);
    const sum = this.#digest?.hex();
    if (sum !== undefined && sum !== digest) return unhealthy(`MD5 ${sum}, expected ${digest}`);
    const problem = pattern === undefined ? undefined : this.#searchFor(pattern);
    if (problem !== undefined) return unhealthy(problem);
    return certificateEnd === undefined ? HEALTHY : { outcome: 'healthy', certificateEnd };
  }

  /** What is wrong; undefined: nothing. */
  #searchFor({ expression, isUnwanted, minOffset, maxOffset }: AnswerPattern): string | undefined {
    const answer = Buffer.concat(this.#kept);
    const isUtf = this.#expression?.unicode === true;
    const text = answer.toString(isUtf ? 'utf8' : 'latin1');
    // offsets are in bytes
    const from = isUtf ? answer.subarray(0, minOffset).toString('utf8').length : minOffset;
    const found = this.#io.search(this.#expression as RegExp, text, from);
    if (found === 'endless') return `the search for '${expression}' takes too long`;
    const inBytes = (place: number) => (isUtf ? Buffer.byteLength(text.slice(0, place)) : place);
    const isThere = found !== undefined && (maxOffset === 0 || inBytes(found) <= maxOffset);
    if (isThere !== isUnwanted) return undefined;
    return isThere ? `the answer has '${expression}'` : `the answer has no '${expression}'`;
  }
}
