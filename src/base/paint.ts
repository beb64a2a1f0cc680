/** Words in colours, for a terminal. */
const ESCAPES = { red: 31, green: 32, yellow: 33, bold: 1 } as const;

export type Paint = (style: keyof typeof ESCAPES, text: string) => string;

/** Paints, or leaves every text as it is. */
export const paintFor =
  (colour: boolean): Paint =>
  (style, text) =>
    colour ? `\u001b[${ESCAPES[style]}m${text}\u001b[0m` : text;
