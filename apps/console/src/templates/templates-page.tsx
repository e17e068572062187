import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Empty } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { UsedTemplateDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { FindWords } from '../view/find-words.js';
import { Name, shownText } from '../view/name.js';
import { Pager } from '../view/pager.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Owner } from './owner.js';

const PAGE_SIZE = 20;

/** The chains that others are made of. Search, tag and page are in the address. */
export function TemplatesPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const tag = search.get('tag') ?? '';
  const page = Math.max(1, Math.floor(Number(search.get('page'))) || 1);
  const query = useQuery({
    queryKey: ['templates', q, tag, page],
    queryFn: ({ signal }) =>
      api.listTemplates({
        query: { page, page_size: PAGE_SIZE, ...(q !== '' && { q }), ...(tag !== '' && { tag }) },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
  const set = (values: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(search);
    next.delete('page');
    for (const [name, value] of Object.entries(values)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    setSearch(next, { replace: true });
  };
  return (
    <>
      <Title text={t('pages./templates')}>
        <Link to="/designer">{t('templates.makeOne')}</Link>
      </Title>
      <search className="filters">
        <FindWords label={t('templates.find')} words={q} find={(text) => set({ q: text })} />
        {tag !== '' && (
          <Button onClick={() => set({ tag: '' })}>
            {t('templates.tagged', { tag: shownText(tag, 40) })} <span aria-hidden="true">✕</span>
          </Button>
        )}
      </search>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <List
        items={query.data?.items ?? []}
        loading={query.isPending}
        empty={q === '' && tag === '' ? t('templates.none') : t('templates.noneFit')}
        choose={(chosen) => set({ tag: chosen })}
      />
      <Pager
        page={page}
        hasMore={query.data?.has_more === true}
        turn={(to) => set({ page: to === 1 ? '' : String(to) })}
      />
    </>
  );
}

interface ListProps {
  readonly items: readonly UsedTemplateDto[];
  readonly loading: boolean;
  readonly empty: string;
  readonly choose: (tag: string) => void;
}

function List({ items, loading, empty, choose }: ListProps) {
  const { t } = useTranslation();
  const session = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity }).data;
  return (
    <Rows
      rowKey="template_id"
      loading={loading}
      dataSource={items}
      locale={{ emptyText: <Empty description={empty} /> }}
      columns={[
        {
          title: t('templates.title'),
          key: 'title',
          render: (_, { template_id, title, description, tags }) => (
            <>
              <Link to={`/templates/${encodeURIComponent(template_id)}`}>
                <Name text={title} className="cell heading" />
              </Link>
              {description !== '' && <Name text={description} className="cell wide dim block" />}
              <div>
                {tags.map((tag) => (
                  <Button
                    key={tag}
                    className="tag"
                    size="small"
                    title={t('templates.tagged', { tag })}
                    onClick={() => choose(tag)}
                  >
                    <Name text={tag} />
                  </Button>
                ))}
              </div>
            </>
          ),
        },
        {
          title: t('templates.owner'),
          key: 'owner',
          render: (_, { tenant_id }) => <Owner tenant={tenant_id} own={session?.tenant} />,
        },
        { title: t('templates.versionHead'), dataIndex: 'default_version' },
        { title: t('templates.chains'), dataIndex: 'chains' },
        { title: t('templates.success'), key: 'success', render: (_, each) => percent(each.success_rate) },
        { title: t('templates.updated'), key: 'updated', render: (_, { updated_at }) => <Time at={updated_at} /> },
      ]}
    />
  );
}

/** A share as people read it. */
export const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);
