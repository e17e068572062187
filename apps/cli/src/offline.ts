import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ChainWarningDto, ExpectedApprovalDto } from '#client';
import { type InputFault, isObject, pointer, readDependencies } from '#libs/chain-domain';
import { type Plan, plan } from '#libs/dag-planner';
import { PROJECT } from './project.js';
import { faultsOf } from './schema-faults.js';

/** As POST /chains/validate answers. */
export interface Validation {
  readonly valid: boolean;
  readonly errors: readonly InputFault[];
  readonly chain_type: string | null;
  readonly total_tasks: number | null;
  readonly levels: readonly (readonly string[])[] | null;
  readonly critical_path: readonly string[] | null;
  /** Empty: what owners decide is at the server. */
  readonly approvals: readonly ExpectedApprovalDto[];
  /** Empty: which parties have a site is at the server. */
  readonly at_sites: readonly string[];
  /** Empty: how far sites are is at the server. */
  readonly warnings: readonly ChainWarningDto[];
}

/**
 * What can be said of a chain without a server: its fields by the schema of the API's document, and its graph. Not the
 * parameters of its task types, references, conditions and quorums.
 */
export async function checkOffline(body: unknown): Promise<Validation> {
  const errors = schemaFaults(body);
  const tasks = isObject(body) && Array.isArray(body['tasks']) ? (body['tasks'] as unknown[]) : [];
  const nodes = readDependencies(tasks);
  const planned = plan(nodes);
  if (!planned.ok) {
    for (const { code, nodeIndex, dependencyIndex, message } of planned.faults) {
      // The schema reports no tasks, or too many.
      if (nodeIndex === undefined) continue;
      const place =
        dependencyIndex === undefined ? ['task_id'] : nodes[nodeIndex]!.dependencies[dependencyIndex]!.place;
      errors.push({ code, pointer: pointer('tasks', nodeIndex, ...place), message });
    }
  }
  if (errors.length > 0 || !planned.ok) {
    return {
      valid: false,
      errors,
      chain_type: null,
      total_tasks: null,
      levels: null,
      critical_path: null,
      approvals: [],
      at_sites: [],
      warnings: [],
    };
  }
  const { chainType, levels } = planned.plan;
  return {
    valid: true,
    errors: [],
    chain_type: chainType,
    total_tasks: tasks.length,
    levels,
    critical_path: criticalPath(planned.plan, nodes),
    approvals: [],
    at_sites: [],
    warnings: [],
  };
}

/** Task ids of the longest path. */
export function criticalPath(planned: Plan, nodes: readonly { readonly id: string }[]): string[] {
  return planned.criticalPath().positions.map((position) => nodes[position]!.id);
}

function schemaFaults(body: unknown): InputFault[] {
  const document = JSON.parse(readFileSync(join(PROJECT, 'openapi.json'), 'utf8')) as {
    components: { schemas: Record<string, object> };
  };
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false, verbose: true });
  return faultsOf(ajv.compile(document.components.schemas['CreateChainRequest']!), body, 'the chain');
}
