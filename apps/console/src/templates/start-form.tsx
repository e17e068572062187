import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Button, Input, Skeleton } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { TemplateChainDto, TemplateChainPreviewDto, WholeTemplateVersionDto } from '#client';
import { api } from '../api.js';
import { edgesOf, isFields, nameOf, readDraft, type Fields } from '../designer/draft.js';
import { Labelled, SchemaFields } from '../designer/schema-form.js';
import { defaultsOf } from '../designer/schema.js';
import { Failed } from '../view/failed.js';
import { FaultLines } from '../view/fault-lines.js';
import { faultAtOf, useFaultWords } from '../view/fault-words.js';
import { Json } from '../view/json.js';
import { shownText } from '../view/name.js';
import { useSettled } from '../view/use-settled.js';
import { Drawing } from './drawing.js';

/** Makes a chain of a version: a field for each parameter, and what the API says of the chain that would be made. */
export function StartForm({ templateId, version }: { templateId: string; version: string }) {
  const path = { template_id: templateId, version };
  const query = useQuery({
    queryKey: ['template', templateId, 'version', version],
    queryFn: ({ signal }) => api.getTemplateVersion({ path, signal }),
    // A version never changes; a label may be moved.
    staleTime: 10_000,
  });
  if (query.isPending) return <Skeleton active title={false} />;
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data && <Form key={query.data.number} templateId={templateId} version={query.data} />}
    </>
  );
}

function Form({ templateId, version: { number, chain } }: { templateId: string; version: WholeTemplateVersionDto }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [params, setParams] = useState<Fields>({});
  const [name, setName] = useState('');
  const schema = isFields(chain['params']) ? chain['params'] : {};
  const path = { template_id: templateId };
  const body = { params, version: String(number), ...(name !== '' && { chain_name: name }) };
  const settled = useSettled(JSON.stringify(body));
  const preview = useQuery({
    queryKey: ['template', templateId, 'preview', settled],
    queryFn: ({ signal }) =>
      api.previewChainOfTemplate({ path, body: JSON.parse(settled) as TemplateChainDto, signal }),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const datasets = useQuery({
    queryKey: ['datasets'],
    queryFn: ({ signal }) => api.listDatasets({ signal }),
    staleTime: 60_000,
  });
  const starting = useMutation({
    mutationFn: () => api.createChainOfTemplate({ path, body: { ...body, execute: true } }),
    onSuccess: ({ chain_id: id }) => void navigate(`/chains/${encodeURIComponent(id)}`),
  });
  const faults = preview.data?.errors ?? [];
  const words = useFaultWords();
  const help = {
    ...{ parties: [], datasets: datasets.data?.items ?? [], params: { ...defaultsOf(schema), ...params } },
    complete: () => [],
    faultAt: faultAtOf(faults, words),
  };
  const has = Object.keys(isFields(schema['properties']) ? schema['properties'] : {}).length > 0;
  return (
    <div className="start">
      <form
        aria-label={t('templates.values')}
        onSubmit={(event) => {
          event.preventDefault();
          starting.mutate();
        }}
      >
        <Labelled name={t('designer.name')} fault={help.faultAt('/chain_name')}>
          {(id) => (
            <Input
              id={id}
              value={name}
              placeholder={typeof chain['chain_name'] === 'string' ? shownText(chain['chain_name']) : ''}
              onChange={({ target }) => setName(target.value)}
            />
          )}
        </Labelled>
        {!has && <p className="help">{t('templates.noParams')}</p>}
        <SchemaFields
          schema={schema}
          value={params}
          change={(next) => setParams(isFields(next) ? next : {})}
          pointer="/params"
          help={help}
        />
        {starting.isError && <Failed error={starting.error} />}
        <Button type="primary" htmlType="submit" loading={starting.isPending} disabled={!isSound(preview.data)}>
          {t('templates.createAndStart')}
        </Button>
      </form>
      <section aria-label={t('templates.preview')}>
        <div role="status" className="verdict">
          {preview.isError && <Failed error={preview.error} />}
          {preview.data && <Verdict of={preview.data} />}
        </div>
        <Picture of={preview.data?.chain ?? chain} />
        {preview.data?.chain && (
          <details>
            <summary>{t('templates.asJson')}</summary>
            <Json value={preview.data.chain} label={t('templates.asJson')} />
          </details>
        )}
      </section>
    </div>
  );
}

const isSound = (preview: TemplateChainPreviewDto | undefined): boolean => preview?.errors.length === 0;

function Verdict({ of: { errors, chain, approvals } }: { of: TemplateChainPreviewDto }) {
  const { t } = useTranslation();
  if (errors.length === 0) {
    const tasks = isFields(chain) && Array.isArray(chain['tasks']) ? chain['tasks'].length : 0;
    return (
      <>
        <span className="status status-success">✓ {t('templates.wouldMake', { count: tasks })}</span>
        {approvals.length > 0 && <span> {t('designer.approvals', { count: approvals.length })}</span>}
      </>
    );
  }
  return (
    <>
      <span className="status status-failure">✗ {t('designer.faults', { count: errors.length })}</span>
      <FaultLines of={errors} />
    </>
  );
}

/** The chain as it is drawn; nothing where it has too many tasks. */
function Picture({ of }: { of: unknown }) {
  const drawn = useMemo(() => {
    try {
      const draft = readDraft(of);
      const tasks = draft.tasks.map((task) => ({
        task_id: task.task_id,
        task_name: nameOf(task),
        task_type: task.task_type,
        change: 'same' as const,
      }));
      return { tasks, edges: edgesOf(draft).map(({ from, to }) => ({ from, to, change: 'same' as const })) };
    } catch {
      return undefined;
    }
  }, [of]);
  return drawn === undefined ? null : <Drawing {...drawn} />;
}
