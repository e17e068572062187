import { useTranslation } from 'react-i18next';

const SIGNS: Readonly<Record<string, string>> = {
  PENDING: '○',
  READY: '◔',
  QUEUED: '◔',
  RUNNING: '▶',
  RETRYING: '↻',
  PAUSED: '‖',
  SUCCESS: '✓',
  FAILURE: '✗',
  SKIPPED: '»',
  CANCELLED: '■',
};

/** A status by colour, sign and word: none of them alone. */
export function Status({ of }: { of: string }) {
  const { t } = useTranslation();
  return (
    <span className={`status status-${of.toLowerCase()}`}>
      <span aria-hidden="true">{SIGNS[of] ?? '?'}</span> {t(`status.${of}`, { defaultValue: of })}
    </span>
  );
}
