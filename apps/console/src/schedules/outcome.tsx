import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { TickDto, TickOutcome } from '#client';
import { Name } from '../view/name.js';

const LOOKS: Readonly<Record<TickOutcome, readonly [sign: string, look: string]>> = {
  WAITING: ['◔', 'queued'],
  CREATED: ['✓', 'success'],
  SKIPPED: ['–', 'skipped'],
  MISSED: ['–', 'skipped'],
  REFUSED: ['✗', 'failure'],
};

/** What became of a due time; where it made a chain, a way to it. */
export function Outcome({ of: { outcome, chain_id: chain } }: { of: TickDto }) {
  const { t } = useTranslation();
  const [sign, look] = LOOKS[outcome];
  const shown = (
    <span className={`status status-${look}`}>
      <span aria-hidden="true">{sign}</span> {t(`schedules.outcomes.${outcome}`)}
    </span>
  );
  return chain === null ? shown : <Link to={`/chains/${encodeURIComponent(chain)}`}>{shown}</Link>;
}

/** Why it was so, in the API's words. */
export function Reason({ of: { reason, message, missed } }: { of: TickDto }) {
  const { t } = useTranslation();
  return (
    <>
      {reason !== null && <code>{reason}</code>} {message !== null && <Name text={message} className="cell wide" />}
      {missed !== null && t('schedules.missed', { count: missed })}
    </>
  );
}
