import { cp, mkdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { TestFolder } from '../contract/run-for-tests.js';
import { DealerDone } from '../contract/site.js';
import type { TaskParams, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { heldUntilRead } from '../party/held-files.js';
import { NEUTRAL } from '../party/party-link.js';
import { TestSites } from '../party/sites-for-tests.js';
import { partsOf, SITE_TYPES } from './at-sites.js';
import { checkTaskParams } from './check-params.js';
import { native } from './native.js';

/**
 * The same run with each member at a site of its own, which has the tables and artifacts of its own party alone. Its parties are those that take
 * part, and a dealer comes where the task needs one. All have to come to the same, and tell the others no figure that is not in it. Their files
 * are put where a run on one machine has them.
 */
export async function runAtSites(folder: TestFolder, type: string, given: TaskRun): Promise<TaskRunResult> {
  const { params, members } = placed(type, withModels(type, given));
  // A site gets no results of other tasks.
  const run = { ...given, params, inputs: {} };
  const sites = new TestSites(members);
  const told: unknown[] = [];
  for (const here of members)
    for (const there of members) if (here !== there) listen(await sites.end(here, there), told);
  const task = join(run.chainId, run.taskId);
  const takePart = async (member: string): Promise<TaskRunResult | null> => {
    const root = join(folder.path, 'sites', member);
    const roots = { dataRoot: join(root, 'data'), artifactRoot: join(root, 'artifacts') };
    await mkdir(join(roots.dataRoot, member), { recursive: true });
    if (member !== NEUTRAL) await cp(join(run.dataRoot, member), join(roots.dataRoot, member), { recursive: true });
    const isOwn = (path: string): boolean => {
      const [, before, party = member] = path.slice(run.artifactRoot.length + 1).split('/');
      return before !== run.taskId && party === member;
    };
    await cp(run.artifactRoot, roots.artifactRoot, { recursive: true, filter: isOwn });
    try {
      const own = { ...run, ...roots, site: sites.of(member) };
      return await heldUntilRead(
        own,
        (each) => native.run(type, each),
        () => undefined,
      );
    } catch (error) {
      if (error instanceof DealerDone) return null;
      throw error;
    }
  };
  await mkdir(run.artifactRoot, { recursive: true });
  const ended = await Promise.all(members.map(takePart));
  const all = ended.filter((each) => each !== null);
  for (const [at, member] of members.entries()) {
    if (!ended[at]?.artifacts.length) continue;
    const made = join(folder.path, 'sites', member, 'artifacts', task);
    await cp(made, join(run.artifactRoot, task), { recursive: true });
  }
  await rm(join(folder.path, 'sites'), { recursive: true });
  const [{ result }] = all as [TaskRunResult];
  for (const each of all) expect(each.result).toEqual(result);
  const known = new Set([...leavesOf(result), ...leavesOf(params), ...SITE_TYPES]);
  if (members.length > 1) expect(told.length).toBeGreaterThan(0);
  expect(told.flatMap(leavesOf).filter((leaf) => !known.has(leaf))).toEqual([]);
  const artifacts = new Map(all.flatMap((each) => each.artifacts).map((each) => [each.name, each]));
  const own = all.flatMap(({ partyResults }) => (partyResults ? [partyResults] : []));
  return {
    result,
    artifacts: [...artifacts.values()],
    ...(own.length > 0 && { partyResults: Object.assign({}, ...own) }),
  };
}

/** Sites have the models named that a task on one machine takes from the results of others. */
function withModels(type: string, { params, inputs }: TaskRun): TaskParams {
  if ((type !== 'aggregate' && type !== 'merge_models') || params.task_config.models !== undefined) return params;
  const found: Record<string, string[]> = {};
  for (const result of Object.values(inputs) as { model_paths?: Record<string, string> }[])
    for (const [party, path] of Object.entries(result.model_paths ?? {})) (found[party] ??= []).push(path);
  return { ...params, task_config: { ...params.task_config, models: found } };
}

/** The parameters of a task on one machine as it runs at sites, and who its members are. */
function placed(type: string, params: TaskParams): { readonly params: TaskParams; readonly members: string[] } {
  const parties = [...partsOf(type, params.task_config)!].sort();
  const without: TaskParams = { ...params, sf_init_config: { parties, address: 'node' } };
  const [fault, ...more] = checkTaskParams(type, without);
  expect(more).toEqual([]);
  if (!fault) return { params: without, members: parties };
  expect(fault.pointer).toBe('/sf_init_config/dealer');
  const dealt: TaskParams = { ...params, sf_init_config: { parties, address: 'node', dealer: 'lab' } };
  expect(checkTaskParams(type, dealt)).toEqual([]);
  return { params: dealt, members: [...parties, NEUTRAL] };
}

/** Notes the values that a site says it has come to. */
function listen(socket: Socket, told: unknown[]): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = ((chunk: Buffer | string, ...more: unknown[]) => {
    const text = chunk.toString('latin1');
    const at = text.indexOf('{"kind":"done"');
    if (at === 8) told.push((JSON.parse(text.slice(at)) as { value: unknown }).value);
    return write(chunk, ...more);
  }) as typeof socket.write;
}

function leavesOf(value: unknown): unknown[] {
  if (value === null || typeof value === 'boolean' || value === undefined) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : [value];
}
