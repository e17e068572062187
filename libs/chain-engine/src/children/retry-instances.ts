import { engineQueries } from '#libs/repositories';
import type { Queryable } from '#libs/repositories';

const INSTANCE = /^(.+)\[[^[\]]+\]$/;

/** Whether ids of tasks may name instances, which can be tasks of a child. */
export const mayNameInstances = (ids: readonly string[] | undefined): boolean =>
  ids?.some((id) => INSTANCE.test(id)) === true;

/** The ids with the task of this chain in place of each instance that is a task of its child, and the names of these. */
export async function instancesIn(
  db: Queryable,
  chainId: string,
  ids: readonly string[],
): Promise<{ readonly ids: readonly string[]; readonly instances: ReadonlyMap<string, string> }> {
  const asked = new Map(ids.flatMap((id) => (INSTANCE.test(id) ? [[id, INSTANCE.exec(id)![1]!] as const] : [])));
  const found = new Set(await engineQueries.runAgain(db, chainId, asked, false));
  const instances = new Map([...asked].filter(([id]) => found.has(id)));
  return { ids: [...new Set(ids.map((id) => instances.get(id) ?? id))], instances };
}
