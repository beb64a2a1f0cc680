/** The checkers of a real server: as its settings have them, in the place where it is. */
import type { CheckerConfig } from '../checks/checker-config.ts';
import type { RealServer } from '../ipvs/virtual-server.ts';

export const checkersOf = ({ address, port, settings }: RealServer): CheckerConfig[] =>
  settings.checkers.map(
    (checker): CheckerConfig =>
      'connectTimeout' in checker ? { connectAddress: address, connectPort: port, ...checker } : checker,
  );
