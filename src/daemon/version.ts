/** The version of the program: package.json has the same, a test holds them together. */
export const VERSION = '0.1.0';
