import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { wordsOfError } from '../api.js';
import { todosOf, useErrorWords } from './error-words.js';
import { shownText } from './name.js';

/** What to do about these here is another thing than by the API. */
const HINTS = [
  'INVALID_JSON',
  'INVALID_CHAIN',
  'INVALID_QUERY',
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CHAIN_NOT_FOUND',
  'PRECONDITION_FAILED',
  'TOO_MANY_REQUESTS',
  'UNAVAILABLE',
] as const;

/** Faults of one request. */
const SHOWN = 10;

/** What went wrong, and what to do. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const { code, message, faults } = wordsOfError(error);
  const words = useErrorWords();
  const said = words('problems', code)[0];
  const hint = HINTS.find((each) => each === code);
  return (
    <Alert
      type="error"
      showIcon
      title={code === undefined ? t('failed.unreachable') : t('failed.refused', { code })}
      description={
        <>
          {said?.when !== undefined && <p>{said.when}</p>}
          <p>
            <bdi>{shownText(message, 2_000)}</bdi>
          </p>
          {faults.length > 1 && (
            <ul>
              {faults.slice(0, SHOWN).map((fault) => (
                <li key={fault.code + (fault.pointer ?? '') + fault.message}>
                  <code>{shownText(fault.pointer ?? fault.code)}</code> {shownText(fault.message, 400)}{' '}
                  {todosOf(words('faults', fault.code))}
                </li>
              ))}
            </ul>
          )}
          <p>
            {code === undefined
              ? t('failed.hints.none')
              : hint
                ? t(`failed.hints.${hint}`)
                : (said?.todo ?? t('failed.hints.other'))}
          </p>
        </>
      }
      action={retry && <Button onClick={retry}>{t('failed.again')}</Button>}
    />
  );
}
