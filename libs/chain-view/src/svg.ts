import stringWidth from 'string-width';
import { criticalEdges, STATUS_COLOURS, type Graph, type GraphNode } from './graph.js';
import { layOut, type Place, type Spacing } from './layout.js';
import { clipWidth } from './text.js';

const BOX: Spacing = { width: 230, height: 46, gapX: 64, gapY: 18 };
const MARGIN = 16;
const FOOT = 24;
const PADDING = 9;
const NAME_SIZE = 13;
const KIND_SIZE = 10.5;
/** Columns of text of this size that fit into a box: in fixed-width fonts a column takes at most 0.61 of the size. */
const columnsOf = (size: number): number => Math.floor((BOX.width - 2 * PADDING) / (0.61 * size));
const NAME_COLUMNS = columnsOf(NAME_SIZE);
const KIND_COLUMNS = columnsOf(KIND_SIZE);

/**
 * As a picture by itself (SVG): boxes by levels from left to right with state in word and colour, the critical path in
 * thick lines. The boxes' titles hold the whole names. Names come from users and are escaped.
 */
export function toSvg(graph: Graph): string {
  const { width, height, nodes, bends } = layOut(graph, BOX);
  const placeOf = new Map(graph.nodes.map(({ task_id }, i) => [task_id, nodes[i]!]));
  const thick = criticalEdges(graph);
  const onPath = new Set(graph.critical_path);
  const statuses = [...new Set(graph.nodes.flatMap(({ status }) => status ?? []))];
  const size = { width: Math.ceil(width + 2 * MARGIN), height: Math.ceil(height + 2 * MARGIN + FOOT) };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="${-MARGIN} ${-MARGIN} ${size.width} ${size.height}" role="img" aria-label="${graph.nodes.length} tasks, ${graph.edges.length} edges">`,
    '<style>',
    `text{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:${NAME_SIZE}px;fill:#111}.k{font-size:${KIND_SIZE}px;fill:#333}`,
    'rect{fill:#fff;stroke:#555;stroke-width:1.2}path{fill:none;stroke:#777;stroke-width:1.2}.c{stroke-width:3}',
    ...statuses.flatMap((status) => {
      const [fill, stroke] = STATUS_COLOURS[status] ?? [];
      return fill === undefined ? [] : [`.${status} rect{fill:${fill};stroke:${stroke}}`];
    }),
    '</style>',
    '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#777;stroke:none"/></marker></defs>',
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${size.width}" height="${size.height}" style="stroke:none"/>`,
    ...graph.edges.map(({ from, to }, i) => {
      const d = line(placeOf.get(from)!, bends[i]!, placeOf.get(to)!);
      return `<path${thick.has(i) ? ' class="c"' : ''} d="${d}" marker-end="url(#a)"/>`;
    }),
    ...graph.nodes.map((node, i) => box(node, nodes[i]!, onPath.has(node.task_id))),
    `<text class="k" x="0" y="${height + MARGIN + 8}">thick: the longest path of ${graph.critical_path.length} tasks</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function box({ task_id, task_name, task_type, status }: GraphNode, { x, y }: Place, critical: boolean): string {
  const top = y - BOX.height / 2;
  const kind = status === undefined ? task_type : `${task_type} ${status}`;
  return [
    `<g${status === undefined ? '' : ` class="${escape(status)}"`}><title>${escape(`${task_id}: ${task_name} (${kind})`)}</title>`,
    `<rect${critical ? ' class="c"' : ''} x="${x}" y="${top}" width="${BOX.width}" height="${BOX.height}" rx="5"/>`,
    `<text x="${x + PADDING}" y="${top + 19}">${escape(shorten(task_name, NAME_COLUMNS))}</text>`,
    `<text class="k" x="${x + PADDING}" y="${top + 36}">${escape(shorten(kind, KIND_COLUMNS))}</text></g>`,
  ].join('');
}

/** From the right side of one box through all bends to the left side of another. */
function line(from: Place, bends: readonly Place[], to: Place): string {
  let left: Place = { x: from.x + BOX.width, y: from.y };
  let d = `M${left.x} ${left.y}`;
  for (const right of [...bends, to]) {
    const half = (left.x + right.x) / 2;
    d += `C${half} ${left.y} ${half} ${right.y} ${right.x} ${right.y}`;
    // An edge goes straight past the boxes of a level.
    left = right === to ? right : { x: right.x + BOX.width, y: right.y };
    if (right !== to) d += `H${left.x}`;
  }
  return d;
}

const shorten = (text: string, columns: number): string =>
  stringWidth(text) > columns ? `${clipWidth(text, columns - 1)}…` : text;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Replaces characters that XML cannot hold by U+FFFD. */
const escape = (text: string): string =>
  text
    .replace(/[^\P{Cc}\t\n\r]|[\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
