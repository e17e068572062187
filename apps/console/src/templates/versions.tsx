import { useQuery } from '@tanstack/react-query';
import { Button, Skeleton, Space, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { TemplateVersionDto, UsedTemplateDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';

export const useVersions = (template_id: string) =>
  useQuery({
    queryKey: ['template', template_id, 'versions'],
    queryFn: ({ signal }) => api.listTemplateVersions({ path: { template_id }, signal }),
  });

interface VersionsProps {
  readonly template: UsedTemplateDto;
  /** Of this tenant: versions can be restored and labelled. */
  readonly isOwn: boolean;
  readonly restore: (version: TemplateVersionDto) => void;
  readonly label: (version: TemplateVersionDto) => void;
}

/** The versions of a template, newest first, with their labels. */
export function Versions({ template, isOwn, restore, label }: VersionsProps) {
  const { t } = useTranslation();
  const query = useVersions(template.template_id);
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  const { items } = query.data;
  const newest = items[0]?.number;
  const address = `/templates/${encodeURIComponent(template.template_id)}`;
  return (
    <Rows
      rowKey="number"
      dataSource={items}
      columns={[
        {
          title: t('templates.versionHead'),
          key: 'number',
          render: (_, { number }) => (
            <>
              {number}{' '}
              {Object.entries(template.labels).map(([name, of]) => of === number && <Tag key={name}>{name}</Tag>)}
              {number === template.default_version && <span className="dim">{t('templates.default')}</span>}
            </>
          ),
        },
        {
          title: t('templates.note'),
          key: 'note',
          render: (_, { note }) => <Name text={note ?? '–'} className="cell wide" />,
        },
        {
          title: t('chains.owner'),
          key: 'by',
          render: (_, { created_by }) => <Name text={created_by ?? '–'} className="cell short" />,
        },
        { title: t('chains.created'), key: 'created', render: (_, { created_at }) => <Time at={created_at} /> },
        {
          title: t('templates.hash'),
          key: 'hash',
          render: (_, { hash }) => <code title={hash}>{hash.slice(0, 19)}…</code>,
        },
        {
          title: t('templates.do'),
          key: 'do',
          render: (_, version) => (
            <Space>
              <Link to={`${address}?version=${version.number}`}>{t('templates.start')}</Link>
              {version.number !== newest && (
                <Link to={`${address}?view=compare&from=${version.number}&to=${newest}`}>
                  {t('templates.compareNewest')}
                </Link>
              )}
              {isOwn && (
                <Button size="small" onClick={() => label(version)}>
                  {t('templates.label')}
                </Button>
              )}
              {isOwn && version.number !== newest && (
                <Button size="small" onClick={() => restore(version)}>
                  {t('templates.restoreVersion')}
                </Button>
              )}
            </Space>
          ),
        },
      ]}
    />
  );
}
