import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

interface ErrorWords {
  readonly types?: readonly string[];
  readonly when?: string;
  readonly todo?: string;
}
type Kind = 'problems' | 'faults' | 'failures' | 'skips';
type Catalogue = Readonly<Record<Kind, Readonly<Record<string, readonly ErrorWords[]>>>>;

/** `npm run docs:tasks` makes the files of the documentation's pages of errors. */
const FILES = {
  en: () => import('../words/errors-en.json'),
  zh: () => import('../words/errors-zh.json'),
};

/** What the documentation says of codes of errors, in the language of the page: nothing of codes that it does not know, and until the words are there. */
export function useErrorWords(): (kind: Kind, code: string | undefined, type?: string) => readonly ErrorWords[] {
  const { language } = useTranslation().i18n;
  const words = useQuery({
    queryKey: ['error words', language],
    queryFn: async (): Promise<Catalogue> => (await FILES[language === 'zh' ? 'zh' : 'en']()).default,
    staleTime: Infinity,
  }).data;
  return (kind, code, type) => {
    if (words === undefined || code === undefined || !Object.hasOwn(words[kind], code)) return [];
    return wordsFor(type, words[kind][code]!);
  };
}

/** One code may say another thing of another type: what is said of that type, or else of any, or whatever all entries say alike. */
function wordsFor(type: string | undefined, all: readonly ErrorWords[]): readonly ErrorWords[] {
  const own = all.filter(({ types }) => type !== undefined && types?.includes(type));
  if (own.length > 0) return own;
  const ofAny = all.filter(({ types }) => types === undefined);
  if (ofAny.length > 0) return ofAny;
  const isAlike = all.every(({ when, todo }) => when === all[0]!.when && todo === all[0]!.todo);
  return isAlike ? all.slice(0, 1) : [];
}

/** What to do, where more than one thing may be. */
export const todosOf = (words: readonly ErrorWords[]): string => words.flatMap(({ todo }) => todo ?? []).join(' ');
