/** Of a node of the graph, px. */
export const NODE = { width: 210, height: 58 } as const;
