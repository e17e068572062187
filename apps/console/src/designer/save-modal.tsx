import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Input, Radio, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ProblemError } from '#client';
import { api } from '../api.js';
import { Describing, type Described } from '../templates/modals.js';
import { readTagged } from '../read-tagged.js';
import { Ask } from '../view/ask.js';
import { Name, shownText } from '../view/name.js';
import type { Draft } from './draft.js';
import { patched } from './edits.js';
import type { Origin } from './history.js';
import { Labelled } from './schema-form.js';

interface SaveModalProps {
  readonly draft: Draft;
  readonly origin: Origin | undefined;
  readonly close: () => void;
  readonly saved: (origin: Origin) => void;
}

/** Saves a draft: as the next version of the template that it began with, or as a new template. */
export function SaveModal({ draft, origin, close, saved }: SaveModalProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const session = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity }).data;
  const there = useQuery({
    queryKey: ['template', origin?.template_id, 'to save'],
    queryFn: () => readTagged((client) => client.getTemplate({ path: { template_id: origin!.template_id } })),
    enabled: origin !== undefined,
    gcTime: 0,
  });
  const versions = useQuery({
    queryKey: ['template', origin?.template_id, 'versions to save'],
    queryFn: () => api.listTemplateVersions({ path: { template_id: origin!.template_id } }),
    enabled: origin !== undefined,
    gcTime: 0,
  });
  const template = there.data?.of;
  const mayGoOn = template !== undefined && template.tenant_id === session?.tenant;
  const [asNew, setAsNew] = useState(false);
  const [of, describe] = useState<Described>({
    title: draft.chain_name,
    description: typeof draft['description'] === 'string' ? draft['description'] : '',
    tags: [],
  });
  const [note, setNote] = useState('');
  const goesOn = mayGoOn && !asNew;
  const newest = versions.data?.items[0];
  const isBehind = goesOn && newest !== undefined && newest.number > origin!.version;
  const send = async () => {
    // Values are given when a chain is made of it.
    const chain = patched(draft, { args: undefined, execute: undefined });
    const noted = note === '' ? {} : { note };
    if (!goesOn) {
      const made = await api.createTemplate({ body: { ...of, tags: [...of.tags], ...noted, chain } });
      saved({ template_id: made.template_id, version: 1 });
    } else {
      const { template_id, title, description, tags, shared_with } = template;
      const body = { title, description, tags, shared_with, ...noted, chain };
      // Refused where somebody saved since this window was opened.
      await api.putTemplate({ path: { template_id }, body, headers: { 'If-Match': there.data!.tag } }).catch(again);
      const { items } = await api.listTemplateVersions({ path: { template_id } });
      saved({ template_id, version: items[0]!.number });
    }
    await client.invalidateQueries({ queryKey: ['template'] });
    await client.invalidateQueries({ queryKey: ['templates'] });
  };
  const again = async (error: unknown) => {
    if (error instanceof ProblemError && error.status === 412) await Promise.all([there.refetch(), versions.refetch()]);
    throw error;
  };
  return (
    <Ask
      title={t('designer.saveTemplate')}
      ok={t('templates.save')}
      ready={(origin === undefined || !there.isPending) && (goesOn || of.title.trim() !== '')}
      send={send}
      close={close}
    >
      {origin !== undefined && there.isPending && <Skeleton active title={false} paragraph={{ rows: 1 }} />}
      {mayGoOn && (
        <Radio.Group
          aria-label={t('designer.saveAs')}
          value={asNew}
          onChange={({ target }) => setAsNew(target.value as boolean)}
          options={[
            { value: false, label: t('designer.nextVersion', { title: shownText(template.title, 60) }) },
            { value: true, label: t('designer.newTemplate') },
          ]}
        />
      )}
      {template !== undefined && !mayGoOn && (
        <p>
          <Name text={t('designer.notOwn', { title: shownText(template.title, 60) })} />
        </p>
      )}
      {isBehind && (
        <Alert
          type="warning"
          showIcon
          title={t('designer.newer', { number: newest.number, by: shownText(newest.created_by ?? '?', 60) })}
          description={
            <Link
              to={`/templates/${encodeURIComponent(origin!.template_id)}?view=compare&from=${origin!.version}&to=${newest.number}`}
            >
              {t('templates.compare')}
            </Link>
          }
        />
      )}
      {!goesOn && <Describing of={of} change={describe} />}
      <Labelled name={t('templates.note')}>
        {(id) => <Input id={id} maxLength={2_000} value={note} onChange={({ target }) => setNote(target.value)} />}
      </Labelled>
    </Ask>
  );
}
