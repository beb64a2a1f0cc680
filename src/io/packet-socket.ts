/** Sends whole Ethernet frames on one interface (gratuitous ARP, neighbour advertisements from addresses of their own). */
import { AF_PACKET, SO_PRIORITY, SOCK_RAW, SOL_SOCKET, TC_PRIO_CONTROL } from './constants.ts';
import { type NativeSocket, native, type SocketAddress } from './native.ts';
import { withPurpose } from './system-error.ts';

/** For sending only: it hears nothing, whatever goes over the interface. */
export class PacketSocket {
  readonly #socket: NativeSocket;
  readonly #to: SocketAddress;

  /**
   * @param interfaceIndex where the frames leave; need not exist yet
   * @param protocol EtherType under which the kernel files the frames (packet filters see it); 0: the one in the frame
   * @throws SystemError, e.g. EPERM without CAP_NET_RAW
   */
  static open(interfaceIndex: number, protocol: number): PacketSocket {
    const purpose = `packet socket on interface ${interfaceIndex}`;
    // protocol 0 here: the kernel then gives us no frames
    const socket = withPurpose(purpose, () => new (native().Socket)(AF_PACKET, SOCK_RAW, 0));
    try {
      withPurpose(purpose, () => socket.setOption(SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL));
    } catch (error) {
      socket.close();
      throw error;
    }
    return new PacketSocket(socket, { family: 'packet', interfaceIndex, protocol, hardwareAddress: NO_ADDRESS });
  }

  private constructor(socket: NativeSocket, to: SocketAddress) {
    this.#socket = socket;
    this.#to = to;
  }

  /**
   * Sends one frame, without waiting.
   * @param frame from the destination address on, without the frame check sequence
   * @throws SystemError: ENETDOWN, ENXIO (no such interface), ENOBUFS (queue full), EMSGSIZE
   */
  send(frame: Uint8Array): void {
    withPurpose('Ethernet frame', () => this.#socket.send(frame, this.#to));
  }

  /** Idempotent. */
  close(): void {
    this.#socket.close();
  }
}

/** The frame has its destination itself. */
const NO_ADDRESS = new Uint8Array(0);
