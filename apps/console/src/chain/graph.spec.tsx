/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import type { LiveTask } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import type { Shape } from './elk.js';
import { NODE, type Layout } from './node-size.js';

jest.unstable_mockModule('@xyflow/react/dist/style.css', () => ({}));
jest.unstable_mockModule('./elk.js', () => ({
  MANY: 40,
  inRows: () => undefined,
  layOut: async ({ ids, edges }: Shape): Promise<Layout> => ({
    places: Object.fromEntries(ids.map((id, at) => [id, { x: at * 300, y: 0 }])),
    ways: edges.map(() => undefined),
  }),
}));
const { Graph } = await import('./graph.js');

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

test('edges stay while tasks change their states, before anything is measured again', async () => {
  Object.assign(api, { getChainGraph: async () => ({ nodes: [], edges: [], critical_path: [] }) });
  const client = new QueryClient();
  const graph = (status: string) => (
    <QueryClientProvider client={client}>
      <Graph chainId="chain-1" tasks={[task('a', status), task('b', 'PENDING', 'a')]} open={() => {}} />
    </QueryClientProvider>
  );
  const edges = () => document.querySelectorAll('.react-flow__edge').length;
  const { rerender } = render(graph('READY'));
  await screen.findByText('Ready');
  measure();
  expect(edges()).toBe(1);
  rerender(graph('RUNNING'));
  await waitFor(() => screen.getByText('Running'));
  expect(edges()).toBe(1);
});
