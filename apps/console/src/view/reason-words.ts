import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

type Reasons = readonly (readonly [RegExp, string])[];

/** Why a task asks the owner of data, in the language of the page: the workers speak English, and their reasons are known here. */
export function useReasonWords(): (message: string) => string {
  const { language } = useTranslation().i18n;
  const known = useQuery({
    queryKey: ['reasons', language],
    queryFn: async () => (await import('../words/reasons-zh.js')).reasons,
    enabled: language === 'zh',
    staleTime: Infinity,
  }).data;
  return (message) => (known === undefined ? message : (translated(message, known) ?? message));
}

/** Between semicolons, but those that somebody else's words in quotes hold. */
const REASONS = /(?:"(?:\\.|[^"\\])*"|[^;"]|"|;(?! ))+/g;

/** "Party alice: breast-cancer: its policy asks a person; … . The owner …": undefined where the sentence is another. */
function translated(message: string, known: Reasons): string | undefined {
  const [, said] = /^Party \S+: (.+)\. The owner looks at it with [^.]+\.$/s.exec(message) ?? [];
  return (
    said &&
    `${said
      .match(REASONS)!
      .map((reason) => reasonOf(reason.trim(), known))
      .join('；')}。`
  );
}

/** A reason that is not known stays as it is. */
function reasonOf(reason: string, known: Reasons): string {
  const [, dataset, said] = /^([\w.-]+): (.+)$/s.exec(reason) ?? [undefined, undefined, reason];
  for (const [pattern, says] of known) {
    const match = pattern.exec(said!);
    if (match === null) continue;
    const words = says.replaceAll(/\$(\d)/g, (_, at: string) => match[Number(at)] ?? '');
    return dataset === undefined ? words : `${dataset}：${words}`;
  }
  return reason;
}
