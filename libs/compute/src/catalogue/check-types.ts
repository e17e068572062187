import { requireValidSchema } from '../contract/schema-faults.js';
import type { NativeTaskType } from '../contract/define-task.js';

/**
 * Why a worker cannot run these types, a sentence each: a type without a processor, with an invalid schema, or with
 * the name of another. Loads the code of each, so that a broken one shows before a task does.
 */
export async function faultsOfTypes(types: readonly NativeTaskType[]): Promise<string[]> {
  const faults: string[] = [];
  for (const [at, type] of types.entries()) {
    const name = JSON.stringify(type.type);
    const about = (why: string): void =>
      void faults.push(`task type ${name} ${why}: see libs/compute/src/catalogue/task-types.ts`);
    if (types.findIndex((each) => each.type === type.type) < at) about('is there twice');
    try {
      requireValidSchema(type.configSchema);
    } catch (error) {
      about(`has a schema that does not compile (${(error as Error).message})`);
    }
    try {
      const run = await type.load();
      if (typeof run !== 'function') about('has no processor');
    } catch (error) {
      about(`has a processor that does not load (${(error as Error).message})`);
    }
  }
  return faults;
}
