import { Collapse, Empty, Input, Skeleton, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { TaskTypeDto } from '#client';
import { useTaskTypes } from '../task-types.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Title } from '../view/title.js';

/** The types of tasks that workers run: what each does, what leaves the parties, and its parameters. */
export function TaskTypesPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const query = useTaskTypes();
  const text = (search.get('q') ?? '').toLowerCase();
  const fits = ({ task_type, title, description }: TaskTypeDto) =>
    `${task_type} ${title} ${description}`.toLowerCase().includes(text);
  const items = query.data?.filter(fits) ?? [];
  return (
    <>
      <Title text={t('pages./task-types')}>
        <Input.Search
          allowClear
          className="search"
          aria-label={t('types.find')}
          placeholder={t('types.find')}
          defaultValue={search.get('q') ?? ''}
          onChange={({ target }) => setSearch(target.value === '' ? {} : { q: target.value }, { replace: true })}
        />
      </Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {query.data && items.length === 0 && <Empty description={t('types.none')} />}
      {items.length > 0 && (
        <Collapse
          items={items.map((type) => ({
            key: type.task_type,
            label: (
              <>
                <code>{type.task_type}</code> {type.title}
              </>
            ),
            extra: type.needs_parties ? <Tag>{t('types.parties')}</Tag> : undefined,
            children: <Details of={type} />,
          }))}
        />
      )}
    </>
  );
}

function Details({ of }: { of: TaskTypeDto }) {
  const { t } = useTranslation();
  return (
    <>
      <p>{of.description}</p>
      <h2>{t('types.leaves')}</h2>
      <p>{of.leaves}</p>
      <h2>{t('types.parameters')}</h2>
      <Json value={of.config_schema} label={t('types.parameters')} />
      <p>
        <Link to={`/chains?task_type=${encodeURIComponent(of.task_type)}`}>{t('types.chains')}</Link>
      </p>
    </>
  );
}
