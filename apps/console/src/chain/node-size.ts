/** Of a node of the graph, px. */
export const NODE = { width: 210, height: 58 } as const;

/** Where nodes stand, by their ids. */
export type Places = Readonly<Record<string, { readonly x: number; readonly y: number }>>;
