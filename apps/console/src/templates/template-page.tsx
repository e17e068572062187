import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Select, Skeleton, Space, Tabs, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import type { TemplateVersionDto, UsedTemplateDto } from '#client';
import { api, isMissing } from '../api.js';
import { Fact } from '../view/fact.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { RestoreDeleted } from '../view/restore-deleted.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Compare } from './compare.js';
import { Owner } from './owner.js';
import { CopyModal, DeleteModal, DetailsModal, LabelModal, RestoreVersionModal } from './modals.js';
import { StartForm } from './start-form.js';
import { percent } from './templates-page.js';
import { useVersions, Versions } from './versions.js';

type Asked =
  | { readonly what: 'copy' | 'details' | 'delete' }
  | { readonly what: 'label' | 'restore'; readonly version: TemplateVersionDto };

/** A template: a chain of it is started, its versions are compared. The view and what is compared are in the address. */
export default function TemplatePage() {
  const { templateId = '' } = useParams();
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['template', templateId],
    queryFn: ({ signal }) => api.getTemplate({ path: { template_id: templateId }, signal }),
  });
  if (query.isLoadingError || isMissing(query.error)) {
    return (
      <>
        <Title text={t('pages./templates')} />
        <Failed error={query.error} retry={() => void query.refetch()} />
        <RestoreDeleted
          about={t('templates.mayBeDeleted')}
          label={t('templates.restoreDeleted')}
          restore={() => api.restoreTemplate({ path: { template_id: templateId } })}
          restored={() => void query.refetch()}
        />
      </>
    );
  }
  if (query.isPending) return <Skeleton active title={false} />;
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Template key={templateId} template={query.data} />
    </>
  );
}

function Template({ template }: { template: UsedTemplateDto }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const [asked, ask] = useState<Asked>();
  const session = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity }).data;
  const { template_id: id } = template;
  const isOwn = session?.tenant === template.tenant_id;
  const versions = useVersions(id).data?.items ?? [];
  const version = search.get('version') ?? String(template.default_version ?? versions[0]?.number ?? '');
  const set = (values: Readonly<Record<string, string | undefined>>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) next.delete(name);
      else next.set(name, value);
    }
    setSearch(next, { replace: true });
  };
  const changed = () => client.invalidateQueries({ queryKey: ['template', id] });
  const close = () => ask(undefined);
  const versionOptions = [
    ...Object.keys(template.labels).map((label) => ({ value: label, label })),
    ...versions.map(({ number }) => ({ value: String(number), label: t('templates.version', { number }) })),
  ];
  const choice = (name: string, value: string | undefined, label: string) => (
    <label>
      {label}{' '}
      <Select
        className="filter"
        aria-label={label}
        value={value ?? null}
        options={versionOptions}
        onChange={(next: string | null) => set({ [name]: next ?? undefined })}
      />
    </label>
  );
  const from = search.get('from') ?? String(template.default_version ?? '');
  const to = search.get('to') ?? String(versions[0]?.number ?? '');
  const chain = search.get('chain');
  return (
    <>
      <Title text={template.title}>
        <Space wrap role="group" aria-label={t('templates.actions')}>
          <Button
            onClick={() =>
              void navigate(`/designer?template=${encodeURIComponent(id)}&version=${encodeURIComponent(version)}`)
            }
          >
            {t('templates.design')}
          </Button>
          <Button onClick={() => ask({ what: 'copy' })}>{t('templates.copy')}</Button>
          {isOwn && <Button onClick={() => ask({ what: 'details' })}>{t('templates.details')}</Button>}
          {isOwn && (
            <Button danger onClick={() => ask({ what: 'delete' })}>
              {t('templates.delete')}
            </Button>
          )}
        </Space>
      </Title>
      <Facts of={template} own={session?.tenant} />
      <Tabs
        activeKey={search.get('view') ?? 'start'}
        onChange={(view) => set({ view: view === 'start' ? undefined : view })}
        destroyOnHidden
        items={[
          {
            key: 'start',
            label: t('templates.start'),
            children: (
              <>
                {choice('version', version, t('templates.versionHead'))}
                {version !== '' && <StartForm templateId={id} version={version} />}
              </>
            ),
          },
          {
            key: 'versions',
            label: t('templates.versions'),
            children: (
              <Versions
                template={template}
                isOwn={isOwn}
                restore={(of) => ask({ what: 'restore', version: of })}
                label={(of) => ask({ what: 'label', version: of })}
              />
            ),
          },
          {
            key: 'compare',
            label: t('templates.compare'),
            children:
              chain !== null ? (
                <Compare templateId={id} of={{ chain }} />
              ) : versions.length < 2 ? (
                <Alert type="info" title={t('templates.oneVersion')} />
              ) : (
                <>
                  <Space wrap>
                    {choice('from', from, t('templates.from'))}
                    {choice('to', to, t('templates.to'))}
                  </Space>
                  <Compare templateId={id} of={{ from, to }} />
                </>
              ),
          },
        ]}
      />
      {asked?.what === 'copy' && (
        <CopyModal
          template={template}
          version={version}
          close={close}
          done={(copy) => void navigate(`/templates/${encodeURIComponent(copy)}`)}
        />
      )}
      {asked?.what === 'details' && (
        <DetailsModal template={template} mayShare={session?.role !== 'author'} close={close} done={changed} />
      )}
      {asked?.what === 'delete' && <DeleteModal template={template} close={close} done={changed} />}
      {asked?.what === 'label' && (
        <LabelModal template={template} version={asked.version} close={close} done={changed} />
      )}
      {asked?.what === 'restore' && (
        <RestoreVersionModal template={template} version={asked.version} close={close} done={changed} />
      )}
    </>
  );
}

function Facts({ of, own }: { of: UsedTemplateDto; own: string | undefined }) {
  const { t } = useTranslation();
  return (
    <div className="summary">
      {of.description !== '' && (
        <p>
          <Name text={of.description} className="wrap" />
        </p>
      )}
      <dl className="facts row">
        <Fact name={t('templates.owner')}>
          <Owner tenant={of.tenant_id} own={own} />
        </Fact>
        <Fact name={t('templates.chains')}>{of.chains}</Fact>
        <Fact name={t('templates.success')}>{percent(of.success_rate)}</Fact>
        <Fact name={t('templates.updated')}>
          <Time at={of.updated_at} />
        </Fact>
        {of.shared_with.length > 0 && (
          <Fact name={t('templates.sharedWith')}>
            <Name text={of.shared_with.map((each) => (each === '*' ? t('templates.all') : each)).join(', ')} />
          </Fact>
        )}
        <Fact name={t('chain.id')}>
          <code className="wrap">{of.template_id}</code>
        </Fact>
      </dl>
      {of.tags.map((tag) => (
        <Link key={tag} to={`/templates?tag=${encodeURIComponent(tag)}`}>
          <Tag>
            <Name text={tag} className="cell" />
          </Tag>
        </Link>
      ))}
    </div>
  );
}
