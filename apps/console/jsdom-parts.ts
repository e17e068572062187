/** What Ant Design asks of a browser and jsdom has not: a message to itself, as a task of its own; sizes, which nothing here has. */
class Channel {
  readonly port1: { onmessage: (() => void) | null } = { onmessage: null };
  readonly port2 = { postMessage: (): unknown => setTimeout(() => this.port1.onmessage?.()) };
}
class NoSizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

globalThis.MessageChannel ??= Channel as unknown as typeof MessageChannel;
globalThis.ResizeObserver ??= NoSizes;
globalThis.matchMedia ??= () => Object.assign(new EventTarget(), { matches: false }) as unknown as MediaQueryList;

export {};
