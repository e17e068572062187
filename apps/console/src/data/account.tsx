import { useQuery } from '@tanstack/react-query';
import { Progress, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { BudgetDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Time, useNow } from '../view/times.js';

/** `customers` of `dataset:bank-a/customers@3`. */
export const datasetOf = (reference: string): string => reference.slice(reference.indexOf('/') + 1).split('@')[0]!;

/** How often something was opened of a dataset, by tasks of a type too, and what is left of its owner's budgets. */
export function Account({ party, name, taskType }: { party: string; name: string; taskType?: string }) {
  const { t } = useTranslation();
  const now = useNow(false);
  const query = useQuery({
    queryKey: ['account', party, name],
    queryFn: ({ signal }) => api.getDatasetAccount({ path: { party, name }, signal }),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} paragraph={{ rows: 2 }} />;
  const { openings, by_task_type: types, budgets, policy_expires_at: until } = query.data;
  const alike = types.find((each) => each.task_type === taskType);
  return (
    <section className="account" aria-label={shownText(`${party}/${name}`)}>
      {taskType !== undefined && (
        <h4>
          <Link to={`/data/${encodeURIComponent(party)}/${encodeURIComponent(name)}?view=ledger`}>
            <Name text={`${party}/${name}`} />
          </Link>
        </h4>
      )}
      <p>
        {t('account.opened', { count: openings })}
        {openings > 0 && taskType !== undefined && (
          <>
            {' '}
            {t('account.alike', { count: alike?.openings ?? 0, type: taskType })}
            {alike && (
              <>
                {' '}
                {t('account.last')} <Time at={alike.last_opened_at} />
              </>
            )}
          </>
        )}
      </p>
      <dl className="facts">
        {budgets.map((each) => (
          <Left key={each.kind} of={each} />
        ))}
        <dt>{t('account.policy')}</dt>
        <dd>{until === null ? t('account.noPolicy') : <Time at={until} ahead={Date.parse(until) > now} />}</dd>
      </dl>
    </section>
  );
}

function Left({ of: { kind, limit, opened, left, of } }: { of: BudgetDto }) {
  const { t } = useTranslation();
  const most =
    of === null ? '' : ` ${t(`account.most.${kind}`, { of: of === '*' ? t('account.made') : shownText(of, 64) })}`;
  return (
    <>
      <dt>{t(`account.kinds.${kind}`)}</dt>
      <dd>
        {limit === null ? t('account.noLimit', { opened }) : t('account.left', { left, limit, opened })}
        {most}
        {limit !== null && limit > 0 && (
          <Progress
            aria-label={t(`account.kinds.${kind}`)}
            className="bar"
            size="small"
            showInfo={false}
            percent={Math.min(100, Math.round((opened / limit) * 100))}
            status={left === 0 ? 'exception' : 'normal'}
          />
        )}
      </dd>
    </>
  );
}
