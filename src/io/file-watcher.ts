/**
 * Tells when a file has another content: written and closed, put into its place, removed; also where its directory comes and
 * goes. What is written but not closed is not told, so a reader never sees half of it.
 *
 * The directories are watched: that of the path, and where the path is a symbolic link, that of its target too.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Duration, inMilliseconds, seconds } from '../base/time.ts';
import { decodeInotifyEvents } from '../wire/inotify.ts';
import {
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
} from './constants.ts';
import { type NativeInotify, native } from './native.ts';

/** IN_CREATE for links; what open(2) creates is told again when it is closed. */
const CHANGES =
  IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
const GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

/** How often a directory that is not there is looked for. */
const LOOK_AGAIN = seconds(1);

interface Entry {
  readonly path: string;
  readonly onChange: () => void;
  /** Directory and name of the path, and of what it leads to. */
  places: readonly { readonly directory: string; readonly name: string }[];
  /** A directory of it was not there when it was last looked for. */
  isLost: boolean;
}

/** See the file's head. */
export class FileWatcher {
  readonly #inotify: NativeInotify;
  readonly #entries = new Set<Entry>();
  readonly #watches = new Map<number, string>();
  readonly #lookAgain: Duration;
  #timer: NodeJS.Timeout | undefined;

  /** Throws SystemError where there are no more inotify descriptors. */
  constructor(lookAgain: Duration = LOOK_AGAIN) {
    this.#lookAgain = lookAgain;
    this.#inotify = new (native().Inotify)(() => this.#read());
  }

  /**
   * Calls back after every change, and perhaps without one.
   * @returns ends it
   */
  watch(path: string, onChange: () => void): () => void {
    const entry: Entry = { path, onChange, places: [], isLost: false };
    this.#entries.add(entry);
    this.#settle();
    return () => {
      this.#entries.delete(entry);
      this.#settle();
    };
  }

  /** Idempotent. */
  close(): void {
    clearTimeout(this.#timer);
    this.#entries.clear();
    this.#inotify.close();
  }

  #read(): void {
    const touched = new Set<Entry>();
    for (let bytes = this.#inotify.read(); bytes !== undefined; bytes = this.#inotify.read()) {
      for (const { watch, mask, name } of decodeInotifyEvents(bytes)) {
        const directory = this.#watches.get(watch);
        if ((mask & GONE) !== 0) this.#forget(watch);
        for (const entry of this.#entries) {
          const isIt = entry.places.some(
            (at) => at.directory === directory && (name === undefined || at.name === name),
          );
          if (isIt || (mask & IN_Q_OVERFLOW) !== 0) touched.add(entry);
        }
      }
    }
    this.#settle();
    for (const entry of touched) if (this.#entries.has(entry)) entry.onChange();
  }

  /** A directory that was moved away is still watched there. */
  #forget(watch: number): void {
    this.#watches.delete(watch);
    try {
      this.#inotify.remove(watch);
    } catch {
      // it went with the directory
    }
  }

  /** Watches what must be watched now, and nothing else; tells whose directory has come. */
  #settle(): void {
    const wanted = new Set<string>();
    for (const entry of this.#entries) {
      entry.places = placesOf(entry.path);
      for (const { directory } of entry.places) wanted.add(directory);
    }
    for (const [watch, directory] of this.#watches) if (!wanted.has(directory)) this.#forget(watch);
    const watched = new Set(this.#watches.values());
    for (const directory of wanted) {
      if (watched.has(directory)) continue;
      try {
        this.#watches.set(this.#inotify.add(directory, CHANGES), directory);
        watched.add(directory);
      } catch {
        // not there yet, or no more watches: fs.inotify.max_user_watches
      }
    }
    const isLost = ({ places }: Entry) => places.some(({ directory }) => !watched.has(directory));
    const found = [...this.#entries].filter((entry) => entry.isLost && !isLost(entry));
    for (const entry of this.#entries) entry.isLost = isLost(entry);
    clearTimeout(this.#timer);
    this.#timer = [...this.#entries].some((entry) => entry.isLost)
      ? setTimeout(() => this.#settle(), inMilliseconds(this.#lookAgain))
      : undefined;
    for (const entry of found) if (this.#entries.has(entry)) entry.onChange();
  }
}

function placesOf(path: string): Entry['places'] {
  const places = [{ directory: dirname(path), name: basename(path) }];
  try {
    const target = realpathSync(path);
    if (target !== path) places.push({ directory: dirname(target), name: basename(target) });
  } catch {
    // not there
  }
  return places;
}
