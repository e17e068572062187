import { expect, jest, test } from '@jest/globals';

interface Asked {
  readonly id: number;
  readonly cmd: string;
  readonly graph?: { readonly children: readonly { readonly id: string }[] };
  readonly layoutOptions?: Readonly<Record<string, string>>;
}
type Listener = (event: { data: object }) => void;

/** Lays out in one row, and not downwards. */
class Elk {
  readonly #listeners = new Set<Listener>();

  addEventListener(type: string, listener: Listener): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  postMessage({ id, cmd, graph, layoutOptions }: Asked): void {
    if (cmd !== 'layout') return;
    const children = graph!.children.map((each, at) => ({ ...each, x: at * 270, y: 0 }));
    const isDown = layoutOptions!['elk.direction'] === 'DOWN';
    const data = isDown ? { id, error: { message: 'no' } } : { id, data: { children } };
    queueMicrotask(() => {
      for (const each of [...this.#listeners]) each({ data });
    });
  }
}

test('a graph that cannot be laid out downwards runs to the right, though that is wider than the room', async () => {
  jest.unstable_mockModule('elkjs/lib/elk-worker.min.js', () => ({ default: 'elk' }));
  Object.assign(globalThis, { Worker: Elk });
  const { layOut } = await import('./elk.js');
  const shape = {
    ids: ['a', 'b', 'c'],
    edges: [
      ['a', 'b'],
      ['b', 'c'],
    ] as const,
  };
  expect(await layOut(shape, { width: 300, height: 900 })).toEqual({
    a: { x: 0, y: 0 },
    b: { x: 270, y: 0 },
    c: { x: 540, y: 0 },
  });
});
