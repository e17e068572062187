import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { TaskTypeDto } from '#client';
import { api } from './api.js';

type Words = Readonly<Record<string, string>>;
/** Values, whose texts say what they say. */
const VALUES = ['default', 'examples', 'enum', 'const'];

/** The task types that there are, their titles and help in the language of the page. */
export function useTaskTypes(): UseQueryResult<readonly TaskTypeDto[]> {
  const { language } = useTranslation().i18n;
  return useQuery({
    queryKey: ['task-types', language],
    queryFn: async ({ signal }) => {
      const asked = api.listTaskTypes({ signal });
      const words = language === 'zh' ? await chinese() : {};
      return (await asked).items.map((type) => inWords(type, words));
    },
    staleTime: Infinity,
  });
}

/** What the catalogue says in English, in the language of the page; what has no translation stays. */
export function useTypeWords(): (text: string) => string {
  const { language } = useTranslation().i18n;
  const words = useQuery({
    queryKey: ['words of types', language],
    queryFn: chinese,
    enabled: language === 'zh',
    staleTime: Infinity,
  }).data;
  return (text) => wordOf(text, words ?? {});
}

const wordOf = (text: string, words: Words): string => (Object.hasOwn(words, text) ? words[text]! : text);

/** By the English texts: what the documentation's Chinese pages say of the types, and the types that no worker runs. */
async function chinese(): Promise<Words> {
  const files = await Promise.all([import('./words/types-zh.json'), import('./words/control-types-zh.json')]);
  return Object.assign({}, ...files.map((file) => file.default)) as Words;
}

/** A type, or a part of its schema, with its texts in these words; what has none stays. */
function inWords<T>(value: T, words: Words): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => inWords(each, words)) as T;
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => {
    const isText = typeof each === 'string' && ['title', 'description', 'leaves'].includes(key);
    if (isText) return [key, wordOf(each, words)];
    return [key, VALUES.includes(key) ? each : inWords(each, words)];
  });
  return Object.fromEntries(entries) as T;
}
