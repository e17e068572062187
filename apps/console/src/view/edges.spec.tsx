/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import { ReactFlowProvider } from '@xyflow/react';
import type { ReactNode } from 'react';
import type { LiveTask } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import type { Shape } from '../chain/elk.js';
import { NODE, type Layout } from '../chain/node-size.js';
import { readDraft } from '../designer/draft.js';
import { waysOf } from '../designer/ways.js';
import { pathOf } from './way.js';

jest.unstable_mockModule('@xyflow/react/dist/style.css', () => ({}));
jest.unstable_mockModule('../chain/elk.js', () => ({
  MANY: 40,
  inRows: () => undefined,
  layOut: async ({ ids, edges }: Shape): Promise<Layout> => ({
    places: Object.fromEntries(ids.map((id, at) => [id, { x: at * 300, y: 0 }])),
    ways: edges.map(() => undefined),
  }),
}));
const { Graph } = await import('../chain/graph.js');
const { Drawing } = await import('../templates/drawing.js');
const { Canvas } = await import('../designer/canvas.js');

afterEach(cleanup);

/** What waits to be measured: a browser does so once a frame. */
const waiting = new Map<Element, ResizeObserverCallback>();
class ByHand {
  constructor(private readonly take: ResizeObserverCallback) {}
  observe(element: Element): void {
    waiting.set(element, this.take);
  }
  unobserve(element: Element): void {
    waiting.delete(element);
  }
  disconnect(): void {}
}
Object.assign(globalThis, {
  ResizeObserver: ByHand,
  DOMMatrixReadOnly: class {
    m22 = 1;
  },
});
for (const [name, size, whole] of [
  ['offsetWidth', NODE.width, 1_000],
  ['offsetHeight', NODE.height, 800],
] as const)
  Object.defineProperty(HTMLElement.prototype, name, {
    get(this: HTMLElement) {
      return this.matches('.react-flow__node') ? size : whole;
    },
  });
function measure(): void {
  const all = [...waiting];
  waiting.clear();
  act(() => {
    for (const [target, take] of all) take([{ target } as ResizeObserverEntry], undefined as never);
  });
}

const task = (task_id: string, status: string, ...depends_on: string[]) =>
  ({
    ...{ task_id, task_name: '', task_type: 'diagnostic', status, progress: 0, level: 0, depends_on, conditions: [] },
    ...{ trigger_rule: 'all_success', started_at: null, completed_at: null },
  }) as unknown as LiveTask;

function DrawnTemplate({ open }: { open: () => void }) {
  const tasks = ['a', 'b'].map((task_id) => ({
    ...{ task_id, task_name: '', task_type: 'diagnostic', change: 'same' as const },
  }));
  return <Drawing tasks={tasks} edges={[{ from: 'a', to: 'b', change: 'same' }]} open={open} />;
}

const draft = readDraft({
  tasks: [
    { task_id: 'a', task_type: 'diagnostic' },
    { task_id: 'b', task_type: 'diagnostic', depends_on: ['a'] },
  ],
});
const WAY = [
  { x: 210, y: 20 },
  { x: 250, y: 20 },
  { x: 250, y: 99 },
  { x: 600, y: 99 },
];
const WAYS = waysOf({ places: { a: { x: 0, y: 0 }, b: { x: 600, y: 0 } }, ways: [WAY] }, [['a', 'b']]);

function Designed({ selected, at = 300 }: { selected: string; at?: number }) {
  const ignore = () => {};
  return (
    <ReactFlowProvider>
      <Canvas
        {...{ path: [], draft, ways: WAYS, faults: new Map(), lines: new Set() }}
        places={{ a: { x: 0, y: 0 }, b: { x: at, y: 0 } }}
        selected={new Set([selected])}
        {...{ select: ignore, selectLines: ignore, moved: ignore, connect: ignore, remove: ignore }}
        {...{ open: ignore, drop: ignore }}
      />
    </ReactFlowProvider>
  );
}

const live = (status: string) => (
  <Graph chainId="chain-1" tasks={[task('a', status), task('b', 'PENDING', 'a')]} open={() => {}} />
);
test.each<[string, ReactNode, ReactNode]>([
  ['a chain whose tasks change their states', live('READY'), live('RUNNING')],
  ['a template that is drawn anew', <DrawnTemplate open={() => {}} />, <DrawnTemplate open={() => {}} />],
  ['a draft whose tasks are chosen', <Designed selected="a" />, <Designed selected="b" />],
])('edges stay before anything is measured again: %s', async (_, before, after) => {
  Object.assign(api, { getChainGraph: async () => ({ nodes: [], edges: [], critical_path: [] }) });
  const client = new QueryClient();
  const within = (shown: ReactNode) => <QueryClientProvider client={client}>{shown}</QueryClientProvider>;
  const edges = () => document.querySelectorAll('.react-flow__edge').length;
  const { rerender } = render(within(before));
  await screen.findByText('a');
  measure();
  expect(edges()).toBe(1);
  rerender(within(after));
  await act(async () => {});
  expect(edges()).toBe(1);
});

test('an edge goes around the tasks between its ends until one of them is moved, and can be clicked', () => {
  const path = () => document.querySelector('.react-flow__edge-path')!.getAttribute('d');
  const { rerender } = render(<Designed selected="" at={600} />);
  measure();
  expect(path()).toBe(pathOf(WAY));
  expect(document.querySelectorAll('.react-flow__edge-interaction').length).toBe(1);
  rerender(<Designed selected="" at={610} />);
  // A bezier curve; nothing here has the size of a handle.
  expect(path()).toMatch(/^M[\d,]+ C/);
  rerender(<Designed selected="" at={600} />);
  expect(path()).toBe(pathOf(WAY));
});
