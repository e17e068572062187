import { TextDecoder, TextEncoder } from 'node:util';

/** What the console's parts need of a browser, and jsdom lacks: channels of messages, and the sizes of elements. */
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

// Of browsers, and not of jsdom or Node 20.
Object.assign(globalThis, { TextDecoder, TextEncoder });
Map.groupBy ??= <Key, Item>(items: Iterable<Item>, keyOf: (item: Item, at: number) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>();
  for (const [at, item] of [...items].entries()) {
    const key = keyOf(item, at);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};
// What an element says in its `style`: to match the rules of all style sheets takes a quarter of what the tests cost.
globalThis.getComputedStyle = (element) => (element as HTMLElement).style;
