export { elapsedMs, errorText, isOver, type ChainView, type TaskView } from './chain.js';
export { differenceLines, differenceMermaid, type DifferenceView } from './difference.js';
export { toDot } from './dot.js';
export { type Graph } from './graph.js';
export { LiveView } from './live-view.js';
export { toMermaid } from './mermaid.js';
export { changedLines, renderChain, type Style } from './render-chain.js';
export { toSvg } from './svg.js';
export { clipWidth, padWidth, printable } from './text.js';
