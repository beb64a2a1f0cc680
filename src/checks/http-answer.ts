/**
 * What makes the answer to one `url` of HTTP_GET and SSL_GET right: status code, MD5 sum, regular expression.
 * keepalived.conf(5) "HTTP_GET".
 */
import type { CheckResult } from './checker.ts';

/** What is expected of an answer. */
export interface HttpExpectation {
  /** Ranges of codes, both ends included; empty: 200-299. */
  readonly statusCodes: readonly (readonly [number, number])[];
  /** MD5 of the body, 32 hexadecimal digits in lower case. */
  readonly digest?: string;
  readonly regex?: RegExp;
  /** The answer must not match. */
  readonly regexNoMatch?: boolean;
}

/** A sum over the pieces of a body. */
export interface BodyDigest {
  update(piece: Uint8Array): void;
  /** Hexadecimal, in lower case. */
  hex(): string;
}

/** How much of a body a regular expression sees: a page that is longer is none to be checked so. */
export const SEARCHED_BYTES = 1024 * 1024;

const DEFAULT_CODES = [[200, 299]] as const;

/** Takes the body piece by piece and judges it at the end; keeps what a regular expression needs and nothing else. */
export class HttpJudge {
  readonly #expected: HttpExpectation;
  readonly #digest: BodyDigest | undefined;
  readonly #decoder = new TextDecoder();
  #text = '';
  #length = 0;

  /** @param makeDigest for MD5; only called where a digest is expected */
  constructor(expected: HttpExpectation, makeDigest: () => BodyDigest) {
    this.#expected = expected;
    this.#digest = expected.digest === undefined ? undefined : makeDigest();
  }

  /** False: nothing that comes can change the verdict. */
  take(piece: Uint8Array): boolean {
    this.#length += piece.length;
    this.#digest?.update(piece);
    if (this.#expected.regex !== undefined && this.#length <= SEARCHED_BYTES) {
      this.#text += this.#decoder.decode(piece, { stream: true });
    }
    return this.#digest !== undefined || (this.#expected.regex !== undefined && this.#length < SEARCHED_BYTES);
  }

  verdict(status: number): CheckResult {
    const { statusCodes, digest, regex, regexNoMatch = false } = this.#expected;
    const codes = statusCodes.length === 0 ? DEFAULT_CODES : statusCodes;
    if (!codes.some(([first, last]) => status >= first && status <= last)) return unhealthy(`status ${status}`);
    const sum = this.#digest?.hex();
    if (sum !== undefined && sum !== digest) return unhealthy(`MD5 ${sum}, expected ${digest}`);
    if (regex !== undefined && regex.test(this.#text) === regexNoMatch) {
      return unhealthy(regexNoMatch ? `the answer matches ${regex}` : `the answer does not match ${regex}`);
    }
    return { outcome: 'healthy' };
  }
}

const unhealthy = (reason: string): CheckResult => ({ outcome: 'unhealthy', reason });
