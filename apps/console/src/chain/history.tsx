import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Empty, Skeleton, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { ChainEventDto, ChainSummaryDto, FailureDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';

const PAGE = 100;
/** As the history names the chain that runs this one. */
const PARENT = 'parent';

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
          {
            title: t('history.what'),
            key: 'kind',
            render: (_, { kind }) => t(`history.kinds.${kind}`, { defaultValue: kind }),
          },
          {
            title: t('task.task'),
            key: 'task',
            render: (_, { task_id }) => task_id !== null && <Name text={task_id} className="cell" />,
          },
          { title: t('task.attempt'), dataIndex: 'attempt' },
          { title: t('history.more'), key: 'more', render: (_, event) => <Details of={event} /> },
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

/** What is told of an event beside its kind: a failure, the reason that somebody gave, and the rest as it is. */
function Details({ of: { data, disposition } }: { of: ChainEventDto }) {
  const { t } = useTranslation();
  const { error, by, note, ...rest } = data as {
    readonly error?: FailureDto;
    readonly by?: string;
    readonly note?: string | null;
  };
  const others = Object.entries(rest)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return (
    <>
      {disposition !== 'ACCEPTED' && <Tag>{t(`disposition.${disposition}`)}</Tag>}
      {error !== undefined && (
        <span className="cell wide block">
          <code>{error.code}</code> <Name text={error.message} />
        </span>
      )}
      {by !== undefined && (
        <Name
          text={by === PARENT ? t('history.byParent') : t('history.by', { actor: by })}
          className="cell wide block"
        />
      )}
      {note && <Name text={note} className="cell wide block" />}
      {others.length > 0 && <Name text={others.join(', ')} className="cell wide block dim" />}
    </>
  );
}
