import { useTranslation } from 'react-i18next';
import type { LedgerEntryDto } from '#client';
import { Name, shownText } from './name.js';

/** What an entry of a ledger says was opened: figures by column, counts, a sum of parties. */
export function WhatOpened({
  of: { columns, counts, members },
}: {
  of: Pick<LedgerEntryDto, 'columns' | 'counts' | 'members'>;
}) {
  const { t } = useTranslation();
  return (
    <span className="cell wide">
      {columns?.slice(0, 20).map((each) => (
        <span key={each.name} className="block">
          <Name text={each.name} />: {t('data.figures', { count: each.figures })}
        </span>
      ))}
      {Object.entries(counts ?? {}).map(([kind, count]) => (
        <span key={kind} className="block">
          <Name text={kind} />: {count}
        </span>
      ))}
      {members !== null && t('data.sum', { members: shownText(members.join(', ')) })}
    </span>
  );
}
