/** Whether to write in colours. */

/** On a terminal that knows colours, unless NO_COLOR asks for none (no-color.org). */
export const wantsColour = (stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): boolean =>
  stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
