/** A task in a picture of its chain. Without a status the chain is only planned. */
export interface GraphNode {
  readonly task_id: string;
  readonly task_name: string;
  readonly task_type: string;
  readonly status?: string;
  /** From 0. */
  readonly level: number;
}

/** The data of a picture, as in the answer of GET /api/v1/chains/{id}/graph. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** By task id. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Task ids in running order. */
  readonly critical_path: readonly string[];
}

/** Fill and line of each status: the colour only repeats the word beside it. */
export const STATUS_COLOURS: Readonly<Record<string, readonly [fill: string, stroke: string]>> = {
  PENDING: ['#f4f4f4', '#6b7280'],
  READY: ['#eef2f7', '#4b5563'],
  QUEUED: ['#eef2f7', '#4b5563'],
  RUNNING: ['#dbe9ff', '#1565c0'],
  RETRYING: ['#fff3d6', '#b45309'],
  SUCCESS: ['#d9f2d9', '#2e7d32'],
  FAILURE: ['#fbdada', '#c62828'],
  SKIPPED: ['#f1eadf', '#8a6d3b'],
  CANCELLED: ['#ece6f2', '#6a4c93'],
};

/** Places in `edges` of those that the critical path goes along. */
export function criticalEdges({ edges, critical_path }: Graph): Set<number> {
  const next = new Map(critical_path.slice(1).map((to, i) => [critical_path[i]!, to]));
  return new Set(edges.flatMap(({ from, to }, i) => (next.get(from) === to ? [i] : [])));
}
