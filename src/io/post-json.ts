/** Sends JSON to a web server with POST, and minds its status. Redirects are not followed: they are for browsers. */
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';

/** The server has answered, and did not take it. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the server answers ${status}`);
    this.status = status;
  }

  /** Another attempt would be answered the same: RFC 9110 §15.5, but for the codes that say "later". */
  get isPermanent(): boolean {
    return this.status < 500 && this.status !== 408 && this.status !== 425 && this.status !== 429;
  }
}

/** Resolves when the server has answered with 2xx. @param timeout for all of it */
export function postJson(url: URL, body: string, timeout: Duration): Promise<void> {
  return new Promise((resolve, reject) => {
    // loaded when it is used first: few have webhooks
    const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'holdfast',
    };
    const request = http.request(url, { method: 'POST', headers, agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      // what it says is nothing to us, and may be long
      response.destroy();
      clearTimeout(late);
      if (status >= 200 && status < 300) resolve();
      else reject(new HttpRefusal(status));
    });
    const late = setTimeout(
      () => request.destroy(new Error(`no answer within ${inSeconds(timeout)} s`)),
      inMilliseconds(timeout),
    );
    request.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    request.end(body);
  });
}
