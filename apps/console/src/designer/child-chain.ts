import { useQuery } from '@tanstack/react-query';
import { api } from '../api.js';
import { isFields, type Fields } from './draft.js';

/** The chain that a task of type `chain` runs, as far as it is known: written out in its config, or of the template that it names. */
export function useChildChain({ chain, template, version }: Fields): Fields | undefined {
  const chosen = typeof template === 'string' ? template : undefined;
  const named = version === undefined ? undefined : String(version);
  const found = useQuery({
    queryKey: ['template', chosen, 'to run', named],
    queryFn: async ({ signal }) => {
      const template_id = chosen!;
      const of = named ?? String((await api.getTemplate({ path: { template_id }, signal })).default_version);
      return api.getTemplateVersion({ path: { template_id, version: of }, signal });
    },
    enabled: chosen !== undefined,
    staleTime: 10_000,
  });
  const body = chosen === undefined ? chain : found.data?.chain;
  return isFields(body) ? body : undefined;
}

/** What a turn can hand to the next: for each parameter of its chain a choice of its outputs; undefined where it has none of either. */
export function carrySchema(chain: Fields | undefined): Fields | undefined {
  const { params, outputs } = chain ?? {};
  const names = isFields(outputs) ? Object.keys(outputs) : [];
  const taken = isFields(params) && isFields(params['properties']) ? Object.keys(params['properties']) : [];
  if (names.length === 0 || taken.length === 0) return undefined;
  return { type: 'object', properties: Object.fromEntries(taken.map((name) => [name, { enum: names }])) };
}
