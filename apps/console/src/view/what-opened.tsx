import { useTranslation } from 'react-i18next';
import type { LedgerEntryDto } from '#client';
import { Name, shownText } from './name.js';

const COUNTS = ['keys', 'key_counts', 'predictions', 'sums'] as const;
const isKnown = (kind: string): kind is (typeof COUNTS)[number] => COUNTS.some((each) => each === kind);

/** What an entry of a ledger says was opened: figures by column, counts, a sum of parties. */
export function WhatOpened({
  of: { columns, counts, members },
}: {
  of: Pick<LedgerEntryDto, 'columns' | 'counts' | 'members'>;
}) {
  const { t } = useTranslation();
  const isSilent = !columns?.length && Object.keys(counts ?? {}).length === 0 && members === null;
  if (isSilent) return '–';
  return (
    <span className="cell wide">
      {columns?.slice(0, 20).map((each) => (
        <span key={each.name} className="block">
          <Name text={each.name} />
          {t('colon')}
          {t('data.figures', { count: each.figures })}
        </span>
      ))}
      {Object.entries(counts ?? {}).map(([kind, count]) => (
        <span key={kind} className="block">
          {isKnown(kind) ? t(`data.counts.${kind}`) : <Name text={kind} />}
          {t('colon')}
          {count}
        </span>
      ))}
      {members !== null && t('data.sum', { members: shownText(members.join(', ')) })}
    </span>
  );
}
