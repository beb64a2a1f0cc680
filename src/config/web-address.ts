/** An address of the web in a configuration. */
import { oneWord, type ValueType } from './values.ts';

/** `https://host/path`, or http. */
export function webAddress(): ValueType<string> {
  const type = oneWord('a web address that begins with http:// or https://', (given) => {
    if (!/^https?:\/\/[^/]/.test(given)) return undefined;
    try {
      return new URL(given).href;
    } catch {
      return undefined;
    }
  });
  return { ...type, slashes: true };
}
