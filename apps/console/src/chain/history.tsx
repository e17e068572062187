import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import type { ChainSummaryDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';

const PAGE = 100;

/** What was recorded of a chain: every event with its disposition, who commanded what, and their notes. */
export function History({ chain }: { chain: ChainSummaryDto }) {
  const { t } = useTranslation();
  const { chain_id } = chain;
  const query = useInfiniteQuery({
    queryKey: ['events', chain_id, chain.version],
    queryFn: ({ pageParam: after, signal }) =>
      api.listChainEvents({ path: { chain_id }, query: { after, limit: PAGE }, signal }),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.items.length < PAGE ? undefined : page.next_after),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  const items = query.data.pages.flatMap((page) => page.items);
  return (
    <>
      <Rows
        rowKey="id"
        dataSource={items}
        locale={{ emptyText: <Empty description={t('chain.noEvents')} /> }}
        columns={[
          { title: t('history.when'), key: 'when', render: (_, { recorded_at }) => <Time at={recorded_at} /> },
          { title: t('history.what'), dataIndex: 'kind' },
          {
            title: t('task.task'),
            key: 'task',
            render: (_, { task_id }) => task_id !== null && <Name text={task_id} className="cell" />,
          },
          { title: t('task.attempt'), dataIndex: 'attempt' },
          {
            title: t('history.disposition'),
            key: 'disposition',
            render: (_, { disposition }) => t(`disposition.${disposition}`),
          },
          {
            title: t('history.more'),
            key: 'more',
            render: (_, { data }) =>
              Object.keys(data).length > 0 && <Name text={JSON.stringify(data)} className="cell wide" />,
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
