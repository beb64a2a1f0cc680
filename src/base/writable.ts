/** The same with properties that can be set: for an object that is filled in one by one, where spreads would cost too much. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
