import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button, Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import type { AuditRowDto, ListAuditRowsData } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';

/** Whether the reader's key may read the audit log. */
export function useReadsAudit(): boolean {
  const { data } = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity });
  return data?.role === 'admin' || data?.role === 'platform';
}

type Filter = Pick<NonNullable<ListAuditRowsData['query']>, 'target' | 'actor' | 'action'>;

/** The rows of the audit log that fit; of a chain or `<chain>/<task>` where `filter` names exactly this target. */
export function AuditRows({ filter, moment }: { filter: Filter; moment: unknown }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['audit', filter, moment],
    queryFn: ({ pageParam: before, signal }) =>
      api.listAuditRows({ query: { ...filter, ...(before !== null && { before }) }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before,
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  return (
    <>
      <Rows
        rowKey="seq"
        dataSource={query.data.pages.flatMap(({ items }) => items)}
        locale={{ emptyText: <Empty description={t('audit.none')} /> }}
        columns={[
          { title: t('history.when'), key: 'when', render: (_, { at }) => <Time at={at} /> },
          {
            title: t('audit.actor'),
            key: 'actor',
            render: (_, { actor }) => <Name text={actor ?? '–'} className="cell short" />,
          },
          { title: t('audit.address'), key: 'address', render: (_, { address }) => <Name text={address} /> },
          { title: t('audit.action'), key: 'action', render: (_, { action }) => <code>{action}</code> },
          ...(filter.target === undefined
            ? [
                {
                  title: t('audit.target'),
                  key: 'target',
                  render: (_: unknown, { target }: AuditRowDto) => <Name text={target} className="wrap target" />,
                },
              ]
            : []),
          {
            title: t('history.more'),
            key: 'more',
            render: (_, { seq, details }) =>
              Object.keys(details).length > 0 && (
                <details className="more">
                  <summary>{shownText(JSON.stringify(details), 80)}</summary>
                  <Json value={details} label={`${t('history.more')} ${seq}`} />
                </details>
              ),
          },
        ]}
      />
      {query.hasNextPage && (
        <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('chain.after')}
        </Button>
      )}
    </>
  );
}
