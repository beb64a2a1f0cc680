import type { InotifyEvent } from './inotify.ts';
import { LINUX_6_18, type Vector } from './vector.ts';

export const inotifyVectors: readonly Vector<readonly InotifyEvent[]>[] = [
  {
    name: 'a file is created, closed, renamed and removed, and then its directory',
    source: LINUX_6_18,
    bytes: `01000000 00010000 00000000 10000000 7072696f000000000000000000000000
            01000000 08000000 00000000 10000000 7072696f000000000000000000000000
            01000000 40000000 e8da0000 10000000 7072696f000000000000000000000000
            01000000 80000000 e8da0000 20000000 612d6c6f6e6765722d6e616d652d6f662d323400000000000000000000000000
            01000000 00020000 00000000 20000000 612d6c6f6e6765722d6e616d652d6f662d323400000000000000000000000000
            01000000 00040000 00000000 00000000
            01000000 00800000 00000000 00000000`,
    value: [
      { watch: 1, mask: 0x100, name: 'prio' },
      { watch: 1, mask: 0x8, name: 'prio' },
      { watch: 1, mask: 0x40, name: 'prio' },
      { watch: 1, mask: 0x80, name: 'a-longer-name-of-24' },
      { watch: 1, mask: 0x200, name: 'a-longer-name-of-24' },
      { watch: 1, mask: 0x400, name: undefined },
      { watch: 1, mask: 0x8000, name: undefined },
    ],
  },
  {
    name: 'the queue overflowed',
    source: 'inotify(7)',
    bytes: 'ffffffff 00400000 00000000 00000000',
    value: [{ watch: -1, mask: 0x4000, name: undefined }],
  },
];
