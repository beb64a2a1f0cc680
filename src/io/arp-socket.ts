/** Hears the ARP frames of one interface that others send. */
import { type ArpFrame, decodeArp, ETHERTYPE_ARP } from '../wire/arp.ts';
import { AF_PACKET, SOCK_RAW } from './constants.ts';
import { type NativeSocket, native } from './native.ts';
import { withPurpose } from './system-error.ts';

/** Frames that are no ARP of Ethernet and IPv4 are passed over; our own are not heard. */
export class ArpSocket {
  readonly #socket: NativeSocket;

  /** Throws SystemError: EPERM without CAP_NET_RAW, ENODEV, ENETDOWN. */
  static open(interfaceIndex: number, onFrame: (frame: ArpFrame) => void): ArpSocket {
    return withPurpose(`ARP socket on interface ${interfaceIndex}`, () => {
      // protocol 0 until it is bound: no frame of another interface gets in
      const socket = new (native().Socket)(AF_PACKET, SOCK_RAW, 0);
      try {
        const hardwareAddress = new Uint8Array(0);
        socket.bind({ family: 'packet', interfaceIndex, protocol: ETHERTYPE_ARP, hardwareAddress });
        return new ArpSocket(socket, onFrame);
      } catch (error) {
        socket.close();
        throw error;
      }
    });
  }

  private constructor(socket: NativeSocket, onFrame: (frame: ArpFrame) => void) {
    this.#socket = socket;
    socket.onReadable(() => this.#read(onFrame));
  }

  /** Idempotent. */
  close(): void {
    this.#socket.close();
  }

  #read(onFrame: (frame: ArpFrame) => void): void {
    try {
      for (let message = this.#socket.receive(); message !== undefined; message = this.#socket.receive()) {
        const frame = decodeArp(message.bytes);
        if (frame.ok) onFrame(frame.value);
      }
    } catch {
      // the interface went down; what is to be heard comes when it is up again
    }
  }
}
