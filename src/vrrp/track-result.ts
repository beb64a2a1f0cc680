/**
 * What trackers of the main process found out, as the election is told. Until it is told of a tracked thing for the
 * first time, the election knows nothing of it: with weight 0 it waits, with another one the weight does not count.
 */
export type TrackResult =
  /** A vrrp_script, a vrrp_track_process or a bfd_instance. */
  | { readonly kind: 'script' | 'process' | 'bfd'; readonly name: string; readonly isUp: boolean }
  /** A track_file: its number, not yet multiplied with a weight. */
  | { readonly kind: 'file'; readonly name: string; readonly value: number };
