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
export function useErrorWords(): (kind: Kind, code: string | undefined, type?: string) => ErrorWords {
  const { language } = useTranslation().i18n;
  const words = useQuery({
    queryKey: ['error words', language],
    queryFn: async (): Promise<Catalogue> => (await FILES[language === 'zh' ? 'zh' : 'en']()).default,
    staleTime: Infinity,
  }).data;
  return (kind, code, type) => {
    if (words === undefined || code === undefined || !Object.hasOwn(words[kind], code)) return {};
    const all = words[kind][code]!;
    // One code may say another thing of another type.
    return all.find(({ types }) => type !== undefined && types?.includes(type)) ?? all[0] ?? {};
  };
}
