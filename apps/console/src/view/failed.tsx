import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { wordsOfError } from '../api.js';
import { shownText } from './name.js';

const HINTS = ['FORBIDDEN', 'CHAIN_NOT_FOUND', 'TOO_MANY_REQUESTS', 'UNAVAILABLE'] as const;

/** What went wrong, and what to do. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const { code, message } = wordsOfError(error);
  const hint = HINTS.find((each) => each === code);
  return (
    <Alert
      type="error"
      showIcon
      title={code === undefined ? t('failed.unreachable') : t('failed.refused', { code })}
      description={
        <>
          <p>
            <bdi>{shownText(message, 2_000)}</bdi>
          </p>
          <p>{t(code === undefined ? 'failed.hints.none' : `failed.hints.${hint ?? 'other'}`)}</p>
        </>
      }
      action={retry && <Button onClick={retry}>{t('failed.again')}</Button>}
    />
  );
}
