import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { FaultDto } from '#client';
import type * as requirements from '../words/requirements-zh.js';
import { todosOf, useErrorWords } from './error-words.js';

type Requirements = typeof requirements;

/**
 * What is wrong with a field, in the language of the page. The API speaks English: its sentences about schemas are known here. Of others is said what to do
 * about their code, and then what the API says.
 */
export function useFaultWords(): (fault: Pick<FaultDto, 'code' | 'message'>) => string {
  const { language } = useTranslation().i18n;
  const words = useErrorWords();
  const isChinese = language === 'zh';
  const known = useQuery({
    queryKey: ['requirements', language],
    queryFn: () => import('../words/requirements-zh.js'),
    enabled: isChinese,
    staleTime: Infinity,
  }).data;
  return ({ code, message }) => {
    if (!isChinese) return message;
    const said = known && translated(message, known);
    return said ?? [todosOf(words('faults', code)), message].filter((each) => each !== '').join(' ');
  };
}

/** undefined: it is no sentence that is known. Its subject, which stands before it, is left out: the field and the pointer say that. */
function translated(message: string, { names, sentences }: Requirements): string | undefined {
  const sentence = message.replace(/\.$/, '');
  for (const [pattern, says] of sentences) {
    const match = pattern.exec(sentence);
    if (match === null) continue;
    return says.replaceAll(/\$(\d)/g, (_, at: string) => nameOf(match[Number(at)] ?? '', names));
  }
  return undefined;
}

function nameOf(text: string, names: Requirements['names']): string {
  if (Object.hasOwn(names, text)) return names[text]!;
  const parts = text.split(' or ');
  return parts.every((each) => Object.hasOwn(names, each)) ? parts.map((each) => names[each]).join('或') : text;
}

type Words = ReturnType<typeof useFaultWords>;

/** What is wrong at a JSON pointer. */
export const faultAtOf =
  (faults: readonly FaultDto[], words: Words) =>
  (pointer: string): string | undefined =>
    saidOf(
      faults.find((each) => each.pointer === pointer),
      words,
    );

/** The first thing that is wrong at a JSON pointer or below it. */
export const faultIn = (faults: readonly FaultDto[], words: Words, part: string): string | undefined =>
  saidOf(
    faults.find(({ pointer }) => pointer === part || pointer?.startsWith(`${part}/`)),
    words,
  );

const saidOf = (fault: FaultDto | undefined, words: Words): string | undefined => fault && words(fault);
