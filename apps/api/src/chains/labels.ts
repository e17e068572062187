import { LABEL_KEY, LABEL_VALUE } from '../http/patterns.js';

/** Filters of a list by a label are called this and the key. */
const PREFIX = 'labels.';

type Label = readonly [key: string, value: string];

/** What is wrong with a filter by labels, or null. */
export function labelsFault(text: unknown): string | null {
  if (typeof text !== 'string') return 'Give it once.';
  const fits = ([key, value]: Label): boolean =>
    LABEL_KEY.test(key) && LABEL_VALUE.test(value) && value !== '' && value.length <= 255;
  return pairsOf(text).every(fits) ? null : 'Labels such as env=prod,team=risk.';
}

/** `env=prod,team=risk` as labels. */
export const readLabels = (text: string | undefined): readonly Label[] | undefined =>
  text === undefined ? undefined : pairsOf(text);

/** The query with its `labels.<key>=<value>` in `labels`, as the only form that a document can describe. */
export function gatherLabels(query: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const named = Object.entries(query).filter(([name]) => name.startsWith(PREFIX));
  if (named.length === 0) return query;
  const rest = Object.entries(query).filter(([name]) => !name.startsWith(PREFIX));
  const { labels, ...others } = Object.fromEntries(rest);
  const pairs = named.map(([name, value]) => `${name.slice(PREFIX.length)}=${String(value)}`);
  return { ...others, labels: [...(labels === undefined ? [] : [labels]), ...pairs].join(',') };
}

function pairsOf(text: string): Label[] {
  return text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  });
}
