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
  LOST: '✗',
  SKIPPED: '»',
  CANCELLED: '■',
};

/** A status by colour, sign and word: none of them alone. */
export function Status({ of, word }: { of: string; word?: string }) {
  const { t } = useTranslation();
  return (
    <span className={`status status-${of.toLowerCase()}`}>
      <span aria-hidden="true">{SIGNS[of] ?? '?'}</span> {word ?? t(`status.${of}`, { defaultValue: of })}
    </span>
  );
}
