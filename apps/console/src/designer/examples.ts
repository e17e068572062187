import { readDraft, type Draft } from './draft.js';

const files = import.meta.glob<unknown>('../../../../examples/*/chain.json', { import: 'default' });

/** The examples of the project, each loaded as it is chosen. */
export const EXAMPLES: ReadonlyMap<string, () => Promise<Draft>> = new Map(
  Object.entries(files).map(([path, load]) => [path.split('/').at(-2)!, async () => readDraft(await load())]),
);
