import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { parseFragment, type DefaultTreeAdapterMap } from 'parse5';
import { toDot } from './dot.js';
import type { Graph, GraphNode } from './graph.js';
import { layOut } from './layout.js';
import { toMermaid } from './mermaid.js';
import { toSvg } from './svg.js';

const node = (task_id: string, level: number, more: Partial<GraphNode> = {}): GraphNode => ({
  task_id,
  task_name: task_id,
  task_type: 'psi',
  level,
  ...more,
});
/** a -> b -> c, a -> c past b's level, and d alone. */
const graph: Graph = {
  nodes: [node('a', 0, { status: 'SUCCESS' }), node('b', 1, { status: 'RUNNING' }), node('c', 2), node('d', 0)],
  edges: [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'a', to: 'c' },
  ],
  critical_path: ['a', 'b', 'c'],
};
const hostile = node('a', 0, { task_name: '"/><script>alert(1)</script>\u0000&\u001b', task_type: '"]; click x "%' });

describe('a picture of a chain', () => {
  it('is Mermaid with states and the critical path', () => {
    expect(toMermaid(graph).split('\n')).toEqual([
      'flowchart LR',
      '    t0["a<br/>psi SUCCESS"]:::SUCCESS',
      '    t1["b<br/>psi RUNNING"]:::RUNNING',
      '    t2["c<br/>psi"]',
      '    t3["d<br/>psi"]',
      '    t0 --> t1',
      '    t1 --> t2',
      '    t0 --> t2',
      '    classDef SUCCESS fill:#d9f2d9,stroke:#2e7d32',
      '    classDef RUNNING fill:#dbe9ff,stroke:#1565c0',
      '    linkStyle 0,1 stroke-width:3px',
      '',
    ]);
  });

  it('is DOT with states and the critical path', () => {
    expect(toDot(graph).split('\n')).toEqual([
      'digraph chain {',
      '  rankdir=LR; node [shape=box];',
      '  "a" [label="a (psi, SUCCESS)" style=filled fillcolor="#d9f2d9" color="#2e7d32"];',
      '  "b" [label="b (psi, RUNNING)" style=filled fillcolor="#dbe9ff" color="#1565c0"];',
      '  "c" [label="c (psi)"];',
      '  "d" [label="d (psi)"];',
      '  "a" -> "b" [penwidth=3];',
      '  "b" -> "c" [penwidth=3];',
      '  "a" -> "c";',
      '}',
      '',
    ]);
  });

  it('is SVG with a box for each task, a line for each edge and nothing that a name brings along', () => {
    const svg = toSvg({ ...graph, nodes: [hostile, ...graph.nodes.slice(1)] });
    const elements = elementsOf(svg);
    const count = (name: string) => elements.filter(({ tagName }) => tagName === name).length;
    expect([count('g'), count('path'), count('script')]).toEqual([4, 3 + 1, 0]);
    expect(svg).not.toMatch(/[\u0000\u001b]/);
    expect(svg).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(svg.match(/<path class="c"/g)?.length).toBe(2);
    expect(svg).toContain('<g class="RUNNING"><title>b: b (psi RUNNING)</title>');
  });

  it('is SVG whose texts stay in their boxes', () => {
    const named = (task_id: string, task_name: string, task_type: string) =>
      ({ ...graph.nodes[0]!, task_id, task_name, task_type, status: 'SUCCESS' }) satisfies GraphNode;
    const nodes = [
      named('a', 'Describe the common rows of them', 'biclassification_eval'),
      named('b', '客户'.repeat(20), 'psi'),
    ];
    const svg = toSvg({ nodes, edges: [], critical_path: [] });
    expect(svg).toContain('>biclassification_eval SUCCESS</text>');
    const boxes = [
      ...svg.matchAll(
        /<rect x="([\d.]+)"[^>]* width="([\d.]+)".*?<text x="([\d.]+)"[^>]*>([^<]*)<.*?>([^<]*)<\/text>/g,
      ),
    ];
    expect(boxes).toHaveLength(2);
    for (const [, x, width, textX, name, kind] of boxes) {
      const room = Number(x) + Number(width) - Number(textX);
      expect(stringWidth(name!) * 13 * 0.61).toBeLessThan(room);
      expect(stringWidth(kind!) * 10.5 * 0.61).toBeLessThan(room);
    }
  });

  it('escapes names in Mermaid and DOT', () => {
    const alone: Graph = { nodes: [hostile], edges: [], critical_path: ['a'] };
    expect(/t0\["(.*)"\]/.exec(toMermaid(alone))![1]).toMatch(/^[^"<\\\n]*<br\/>[^"<\\\n]*$/);
    expect(
      toDot(alone)
        .split('\n')[2]!
        .replaceAll(/"(?:[^"\\]|\\.)*"/g, 'S'),
    ).toBe('  S [label=S];');
  });
});

describe('the layout', () => {
  const spacing = { width: 100, height: 40, gapX: 50, gapY: 10 };

  it('leads an edge past the boxes of the levels between its ends', () => {
    const { nodes, bends, width, height } = layOut(graph, spacing);
    expect([width, height]).toEqual([400, 90]);
    expect(nodes.map(({ x }) => x)).toEqual([0, 150, 300, 0]);
    const [bend] = bends[2]!;
    expect(bend!.x).toBe(150);
    expect(Math.abs(bend!.y - nodes[1]!.y)).toBeGreaterThan(20);
  });

  it('crosses no lines where none need cross', () => {
    const pairs = [0, 1, 2, 3].flatMap((i) => [node(`a${i}`, 0), node(`b${3 - i}`, 1)]);
    const edges = [0, 1, 2, 3].map((i) => ({ from: `a${i}`, to: `b${i}` }));
    const { nodes } = layOut({ nodes: pairs, edges, critical_path: [] }, spacing);
    const y = new Map(pairs.map(({ task_id }, i) => [task_id, nodes[i]!.y]));
    for (const { from, to } of edges) expect(y.get(to)).toBe(y.get(from));
  });

  it('lets no two boxes overlap and none leave the picture', () => {
    const graphs = fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }).chain((levels) =>
      fc.record({
        levels: fc.constant(levels),
        edges: fc.array(fc.tuple(fc.nat(levels.length - 1), fc.nat(levels.length - 1)), { maxLength: 40 }),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ levels: any, edges }) => {
        const distinct = [...new Set(any)].sort((a, b) => a - b);
        const levels = any.map((level) => distinct.indexOf(level));
        const forward = edges.filter(([from, to]) => levels[from]! < levels[to]!);
        const drawn = layOut(
          {
            nodes: levels.map((level, i) => node(`t${i}`, level)),
            edges: forward.map(([from, to]) => ({ from: `t${from}`, to: `t${to}` })),
            critical_path: [],
          },
          spacing,
        );
        drawn.nodes.forEach((a, i) => {
          expect(a.y - 20).toBeGreaterThanOrEqual(0);
          expect(a.y + 20).toBeLessThanOrEqual(drawn.height);
          const others = drawn.nodes.slice(i + 1).filter((b) => b.x === a.x);
          for (const b of others) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(40 + 10);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('takes the largest chain', () => {
    const nodes = Array.from({ length: 10_000 }, (_, i) => node(`t${i}`, i % 100));
    const edges = nodes.slice(100).map((to, i) => ({ from: nodes[i + 99]!.task_id, to: to.task_id }));
    const forward = edges.filter((_, i) => nodes[i + 99]!.level < nodes[i + 100]!.level);
    expect(toSvg({ nodes, edges: forward, critical_path: [] }).length).toBeGreaterThan(1_000_000);
  });
});

type Element = DefaultTreeAdapterMap['element'];

function elementsOf(markup: string): Element[] {
  const found: Element[] = [];
  const walk = (parent: DefaultTreeAdapterMap['parentNode']): void => {
    for (const child of parent.childNodes) {
      if (!('tagName' in child)) continue;
      found.push(child);
      walk(child);
    }
  };
  walk(parseFragment(markup));
  return found;
}
