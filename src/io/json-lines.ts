/** Values as lines of JSON over a stream of a local socket. */
import type { Socket } from 'node:net';

/** A line longer than this is none of ours. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Hands over every value that comes; a line that is no JSON, or never ends, destroys the socket. */
export function readJsonLines(socket: Socket, onValue: (value: unknown) => void): void {
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      const whole = parts.join('') + line;
      parts = [];
      length = 0;
      try {
        onValue(JSON.parse(whole));
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
    }
    parts.push(rest);
    length += rest.length;
    if (length > LONGEST_LINE) socket.destroy(new Error('the line does not end'));
  });
}

export const writeJsonLine = (socket: Socket, value: object): void => {
  socket.write(`${JSON.stringify(value)}\n`);
};
