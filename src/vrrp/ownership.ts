/**
 * The one comparison behind every change of addresses, routes and rules: what is there, what should be there, and what of
 * it is ours. Start, taking over, giving up, reload, repair and stop are the same call with another `desired`.
 *
 * A row is ours when it carries our mark and the configuration knows it. Everything else is left alone, also when it
 * stands where one of ours should be.
 */

/** How rows of the kernel and things of the configuration are told apart. */
export interface Kind<Row, Desired> {
  /** The same text for a row and for what it should be. */
  readonly rowOf: (thing: Row | Desired) => string;
  /** What can be there only once: another row there keeps ours out. */
  readonly placeOf: (thing: Row | Desired) => string;
  readonly isMarked: (row: Row) => boolean;
}

export interface OwnershipInput<Row, Desired> extends Kind<Row, Desired> {
  /** What the kernel has, in its order. */
  readonly actual: readonly Row[];
  readonly desired: readonly Desired[];
  /** Whether the configuration knows the row. */
  readonly isKnown: (row: Row) => boolean;
}

/** What is to be done; everything empty when `actual` is as desired. */
export interface OwnershipPlan<Row, Desired> {
  /** In the order of `desired`. */
  readonly add: readonly Desired[];
  /** The last one first. */
  readonly remove: readonly Row[];
  /** Desired, but something that is not ours is there already: neither added nor ever removed. */
  readonly foreign: readonly Desired[];
}

/** The difference between what is there and what should be. */
export function planOwnership<Row, Desired>(input: OwnershipInput<Row, Desired>): OwnershipPlan<Row, Desired> {
  const { actual, desired, rowOf, placeOf, isMarked, isKnown } = input;
  const isOurs = (row: Row): boolean => isMarked(row) && isKnown(row);
  const ours = actual.filter(isOurs);
  const held = new Set(ours.map(rowOf));
  const taken = new Set(actual.filter((row) => !isOurs(row)).map(placeOf));
  const wanted = new Set(desired.map(rowOf));
  const missing = desired.filter((thing) => !held.has(rowOf(thing)));
  return {
    add: missing.filter((thing) => !taken.has(placeOf(thing))),
    remove: ours.filter((row) => !wanted.has(rowOf(row))).reverse(),
    foreign: missing.filter((thing) => taken.has(placeOf(thing))),
  };
}
