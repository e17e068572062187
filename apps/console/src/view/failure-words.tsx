import { useTranslation } from 'react-i18next';
import type { FailureDto } from '#client';
import { useErrorWords } from './error-words.js';
import { shownText } from './name.js';

/** The message of a failure; then each cause that its code may have for a task of this type, with what to do. */
export function FailureWords({ of: { code, message }, type }: { of: FailureDto; type: string | undefined }) {
  const { t } = useTranslation();
  return (
    <>
      <p>
        <bdi className="wrap">{shownText(message, 4_000)}</bdi>
      </p>
      {useErrorWords()('failures', code, type).map(({ when, todo }) => (
        <p key={(when ?? '') + (todo ?? '')}>
          {when} {todo !== undefined && t('task.todo', { todo })}
        </p>
      ))}
    </>
  );
}
