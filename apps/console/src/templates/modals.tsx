import { useQuery } from '@tanstack/react-query';
import { Input, Select, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewTemplateDto, TemplateVersionDto, UsedTemplateDto } from '#client';
import { api } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Tagged } from '../view/tagged.js';
import { Time } from '../view/times.js';

interface ModalProps {
  readonly template: UsedTemplateDto;
  readonly close: () => void;
  readonly done: () => unknown;
}

/** Makes a template of the own tenant of a version. */
export function CopyModal({
  template,
  version,
  close,
  done,
}: Omit<ModalProps, 'done'> & { version: string; done: (copy: string) => void }) {
  const { t } = useTranslation();
  const [title, setTitle] = useState('');
  const send = async () => {
    const path = { template_id: template.template_id };
    const copy = await api.copyTemplate({ path, body: { version, ...(title !== '' && { title }) } });
    done(copy.template_id);
  };
  return (
    <Ask title={t('templates.copyTitle')} ok={t('templates.copy')} send={send} close={close}>
      <p>{t('templates.copyAbout')}</p>
      <Labelled name={t('templates.title')}>
        {(id) => (
          <Input
            id={id}
            maxLength={255}
            placeholder={template.title.slice(0, 255)}
            value={title}
            onChange={({ target }) => setTitle(target.value)}
          />
        )}
      </Labelled>
    </Ask>
  );
}

export interface Described {
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
}

/** The fields by which a template is found. */
export function Describing({ of, change }: { of: Described; change: (of: Described) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Labelled name={t('templates.title')} required>
        {(id) => (
          <Input
            id={id}
            maxLength={255}
            value={of.title}
            onChange={({ target }) => change({ ...of, title: target.value })}
          />
        )}
      </Labelled>
      <Labelled name={t('designer.description')}>
        {(id) => (
          <Input.TextArea
            id={id}
            rows={3}
            maxLength={10_000}
            value={of.description}
            onChange={({ target }) => change({ ...of, description: target.value })}
          />
        )}
      </Labelled>
      <Labelled name={t('templates.tags')}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            mode="tags"
            open={false}
            maxCount={20}
            tokenSeparators={[',']}
            value={[...of.tags]}
            onChange={(tags: string[]) => change({ ...of, tags })}
          />
        )}
      </Labelled>
    </>
  );
}

/** Title, description, tags, and with whom it is shared. The chain stays: no version is made. */
export function DetailsModal({ template: { template_id }, ...props }: ModalProps & { mayShare: boolean }) {
  return (
    <Tagged id={template_id} read={(client) => client.getTemplate({ path: { template_id } })}>
      {(template, tag) => <Details template={template} tag={tag} {...props} />}
    </Tagged>
  );
}

function Details({ template, tag, mayShare, close, done }: ModalProps & { tag: string; mayShare: boolean }) {
  const { t } = useTranslation();
  const { title, description, tags } = template;
  const [of, change] = useState<Described>({ title, description, tags });
  const [shared, share] = useState(template.shared_with);
  const send = async () => {
    const path = { template_id: template.template_id };
    const newest = (await api.listTemplateVersions({ path })).items[0]!.number;
    const { chain } = await api.getTemplateVersion({ path: { ...path, version: String(newest) } });
    const body: NewTemplateDto = { ...of, tags: [...of.tags], shared_with: shared, chain };
    await api.putTemplate({ path, body, headers: { 'If-Match': tag } });
    await done();
  };
  return (
    <Ask
      title={t('templates.details')}
      ok={t('templates.save')}
      ready={of.title.trim() !== ''}
      send={send}
      close={close}
    >
      <Describing of={of} change={change} />
      <Labelled name={t('templates.sharedWith')} schema={{ description: t('templates.shareHelp') }}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            mode="tags"
            open={false}
            disabled={!mayShare}
            tokenSeparators={[',']}
            value={shared}
            onChange={share}
          />
        )}
      </Labelled>
    </Ask>
  );
}

/** Shows by a dry run what is deleted, and until when that can be taken back. */
export function DeleteModal({ template, close, done }: ModalProps) {
  const { t } = useTranslation();
  const path = { template_id: template.template_id };
  const preview = useQuery({
    // Apart from the template, which is read again once it is deleted: the dialog would say NOT_FOUND.
    queryKey: ['dry run', template.template_id],
    queryFn: () => api.deleteTemplate({ path, query: { dry_run: true } }),
    gcTime: 0,
  });
  const send = async () => {
    await api.deleteTemplate({ path, query: { confirm: template.template_id } });
    await done();
  };
  return (
    <Ask
      title={t('templates.delete')}
      ok={t('templates.delete')}
      danger
      ready={preview.isSuccess}
      send={send}
      close={close}
    >
      {preview.isPending && <Skeleton active title={false} paragraph={{ rows: 1 }} />}
      {preview.isError && <Failed error={preview.error} />}
      {preview.data && (
        <>
          <p>
            <Name text={preview.data.template.title} />
          </p>
          <p>{t('templates.deleteAbout', { count: template.chains })}</p>
          <p>
            {t('templates.restorableUntil')} <Time at={preview.data.restorable_until} />
          </p>
        </>
      )}
    </Ask>
  );
}

const LABEL = /^[a-z][a-z0-9-]{0,63}$/;

/** Points a label to a version, or takes it away from there. */
export function LabelModal({ template, version, close, done }: ModalProps & { version: TemplateVersionDto }) {
  const { t } = useTranslation();
  const [label, setLabel] = useState('production');
  const send = async () => {
    const path = { template_id: template.template_id, label };
    await api.putTemplateLabel({ path, body: { version: isHere ? null : version.number } });
    await done();
  };
  const now = template.labels[label];
  const isHere = now === version.number;
  return (
    <Ask
      title={t('templates.labelTitle', { number: version.number })}
      ok={t(isHere ? 'templates.labelRemove' : 'templates.label')}
      ready={LABEL.test(label)}
      send={send}
      close={close}
    >
      <p>{t('templates.labelAbout')}</p>
      <Labelled name={t('templates.label')} required>
        {(id) => <Input id={id} maxLength={64} value={label} onChange={({ target }) => setLabel(target.value)} />}
      </Labelled>
      {now !== undefined && <p>{t('templates.labelNow', { number: now })}</p>}
    </Ask>
  );
}

/** Makes a new version of an old one. */
export function RestoreVersionModal({ template, version, close, done }: ModalProps & { version: TemplateVersionDto }) {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const send = async () => {
    const path = { template_id: template.template_id, version: String(version.number) };
    await api.restoreTemplateVersion({ path, body: note === '' ? {} : { note } });
    await done();
  };
  return (
    <Ask
      title={t('templates.restoreTitle', { number: version.number })}
      ok={t('templates.restoreVersion')}
      send={send}
      close={close}
    >
      <p>{t('templates.restoreAbout')}</p>
      <Labelled name={t('templates.note')}>
        {(id) => <Input id={id} maxLength={2_000} value={note} onChange={({ target }) => setNote(target.value)} />}
      </Labelled>
    </Ask>
  );
}
