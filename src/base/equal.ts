/** Equality of plain data. */

/** Whether two values are the same as JSON: a property that is undefined is not there. Objects have no methods and no cycles. */
export function equalData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equalData(a[i], b[i])) return false;
    return true;
  }
  const [these, those] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key in these) if (!equalData(these[key], those[key])) return false;
  for (const key in those) if (those[key] !== undefined && these[key] === undefined) return false;
  return true;
}
