/** One end of an ordered, reliable line to one other role. `send` resolves when the line has capacity again. */
export interface Channel {
  /** Whom it leads to, where that has a name. */
  readonly to?: string;
  send(bytes: Uint8Array): Promise<void>;
  receive(): Promise<Uint8Array>;
}

/** Sends `bytes` and receives the peer's next message. Both sides may send first: it never blocks. */
export async function exchange(channel: Channel, bytes: Uint8Array): Promise<Uint8Array> {
  const [received] = await Promise.all([channel.receive(), channel.send(bytes)]);
  return received;
}

/** The two ends of a line inside one process, for tests and benches. `seen` receives a copy of every message. */
export function inProcessLine(seen: (from: 0 | 1, bytes: Uint8Array) => void = () => {}): [Channel, Channel] {
  const waiting: [Uint8Array[], Uint8Array[]] = [[], []];
  const takers: [((bytes: Uint8Array) => void)[], ((bytes: Uint8Array) => void)[]] = [[], []];
  const end = (self: 0 | 1): Channel => {
    const other = self === 0 ? 1 : 0;
    return {
      async send(bytes) {
        const copy = bytes.slice();
        seen(self, copy);
        const taker = takers[other].shift();
        if (taker) taker(copy);
        else waiting[other].push(copy);
      },
      receive() {
        const bytes = waiting[self].shift();
        return bytes ? Promise.resolve(bytes) : new Promise((resolve) => takers[self].push(resolve));
      },
    };
  };
  return [end(0), end(1)];
}
