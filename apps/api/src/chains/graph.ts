import { partiesOf } from '#libs/consent';
import { plan } from '#libs/dag-planner';
import type { ChainGraph } from '#libs/repositories';
import type { GraphDto } from './graph.dto.js';

/** A chain's graph with the present statuses. */
export function graphOf(chainId: string, { chain_type, tasks }: ChainGraph): GraphDto {
  const planned = plan(tasks.map((task) => ({ id: task.task_id, dependsOn: task.depends_on })));
  if (!planned.ok) throw new Error(`the stored graph of ${chainId} has faults: ${planned.faults[0]?.message}`);
  const path = planned.plan.criticalPath();
  return {
    chain_id: chainId,
    chain_type,
    nodes: tasks.map(({ task_id, task_name, task_type, status, level, init }) => ({
      task_id,
      task_name,
      task_type,
      status,
      level,
      parties: partiesOf({ sf_init_config: init }),
    })),
    edges: tasks.flatMap((task) => task.depends_on.map((from) => ({ from, to: task.task_id }))),
    levels: planned.plan.levels,
    critical_path: path.positions.map((position) => tasks[position]!.task_id),
  };
}
