import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewScheduleDto, ScheduleDto } from '#client';
import { api, wordsOfError } from '../api.js';
import { AsJson } from '../designer/as-json.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { FaultLines } from '../view/fault-lines.js';
import { shownText } from '../view/name.js';
import { Time } from '../view/times.js';
import { useSettled } from '../view/use-settled.js';
import { TRIGGERS, triggerOf, type Trigger } from './trigger.js';

const OVERLAPS = ['skip', 'queue', 'cancel', 'allow'] as const;
/** More of them than anybody chooses from; the others are found by their words. */
const OFFERED = 100;

interface FormProps {
  /** The schedule that is changed; none: a new one. */
  readonly of?: ScheduleDto;
  readonly send: (body: NewScheduleDto) => Promise<unknown>;
  readonly close: () => void;
}

/** The fields of a schedule, with its next due times and what the API says of it as it is filled in. */
export function ScheduleForm({ of, send, close }: FormProps) {
  const { t } = useTranslation();
  const [body, setBody] = useState<NewScheduleDto>(() => (of === undefined ? FIRST : bodyOf(of)));
  const [trigger, setTrigger] = useState<Trigger>(triggerOf(body));
  const set = (values: Partial<NewScheduleDto>) => setBody(patched(body, values));
  const choose = (next: Trigger) => {
    setTrigger(next);
    const none = Object.fromEntries(TRIGGERS.map((each) => [each, undefined]));
    set({ ...none, ...(next === 'on_webhook' ? { on_webhook: true } : {}) });
  };
  const settled = useSettled(JSON.stringify(body));
  const preview = useQuery({
    queryKey: ['schedule preview', settled],
    queryFn: ({ signal }) => api.previewSchedule({ body: JSON.parse(settled) as NewScheduleDto, signal }),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const templates = useQuery({
    queryKey: ['templates', 'to choose'],
    queryFn: ({ signal }) => api.listTemplates({ query: { page_size: OFFERED }, signal }),
    staleTime: 60_000,
  });
  // A body of a wrong form is refused as a whole, with the same faults.
  const faults = preview.isError ? wordsOfError(preview.error).faults : (preview.data?.errors ?? []);
  const faultAt = (name: string) => faults.find(({ pointer }) => pointer === `/${name}`)?.message;
  const text = (
    name: 'title' | 'description' | 'version' | 'cron' | 'at' | 'on_dataset' | 'time_zone',
    help?: string,
  ) => ({
    name: t(`schedules.${name}`),
    fault: faultAt(name),
    schema: help === undefined ? {} : { description: help },
    children: (id: string) => (
      <Input
        id={id}
        maxLength={255}
        value={body[name] ?? ''}
        onChange={({ target }) => set({ [name]: target.value === '' ? undefined : target.value })}
      />
    ),
  });
  return (
    <Ask
      title={t(of === undefined ? 'schedules.make' : 'schedules.edit')}
      ok={t('schedules.save')}
      ready={body.title.trim() !== ''}
      send={() => send(body)}
      close={close}
    >
      <Labelled {...text('title')} required />
      <Labelled {...text('description')} />
      <Labelled name={t('schedules.trigger')}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            value={trigger}
            options={TRIGGERS.map((value) => ({ value, label: t(`schedules.triggers.${value}`) }))}
            onChange={choose}
          />
        )}
      </Labelled>
      {trigger === 'cron' && <Labelled {...text('cron')} required />}
      {trigger === 'interval' && (
        <Labelled name={t('schedules.interval')} required fault={faultAt('interval')}>
          {(id) => (
            <InputNumber
              id={id}
              min={10}
              value={body.interval ?? null}
              onChange={(value) => set({ interval: value ?? undefined })}
            />
          )}
        </Labelled>
      )}
      {trigger === 'at' && <Labelled {...text('at', t('schedules.atHelp'))} required />}
      {trigger === 'on_dataset' && <Labelled {...text('on_dataset', t('schedules.onDatasetHelp'))} required />}
      {trigger === 'on_chain_end' && (
        <Labelled name={t('schedules.onChainEnd')} required fault={faultAt('on_chain_end')}>
          {(id) => (
            <AsJson
              id={id}
              value={body.on_chain_end}
              change={(value) => set({ on_chain_end: value as NewScheduleDto['on_chain_end'] })}
            />
          )}
        </Labelled>
      )}
      <Labelled {...text('time_zone')} />
      {body.chain === undefined ? (
        <>
          <Labelled name={t('schedules.template')} required fault={faultAt('template_id')}>
            {(id) => (
              <Select
                id={id}
                className="wide"
                showSearch={{ optionFilterProp: 'label' }}
                value={body.template_id ?? null}
                options={(templates.data?.items ?? []).map(({ template_id, title }) => ({
                  value: template_id,
                  label: shownText(title, 80),
                }))}
                onChange={(value: string) => set({ template_id: value, version: undefined })}
              />
            )}
          </Labelled>
          <Labelled {...text('version', t('schedules.versionHelp'))} />
        </>
      ) : (
        <Labelled name={t('schedules.chain')} schema={{ description: t('schedules.written') }} fault={faultAt('chain')}>
          {(id) => <AsJson id={id} value={body.chain} change={(chain) => set({ chain })} />}
        </Labelled>
      )}
      <Labelled
        name={t('schedules.parameters')}
        schema={{ description: t('schedules.parametersHelp') }}
        fault={faultAt('params')}
      >
        {(id) => <AsJson id={id} value={body.params} change={(params) => set({ params })} />}
      </Labelled>
      <Labelled name={t('schedules.overlap')} fault={faultAt('overlap')}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            allowClear
            value={body.overlap ?? null}
            options={OVERLAPS.map((value) => ({ value, label: t(`schedules.overlaps.${value}`) }))}
            onChange={(overlap: (typeof OVERLAPS)[number] | null) => set({ overlap: overlap ?? undefined })}
          />
        )}
      </Labelled>
      {(['catch_up', 'jitter'] as const).map((name) => (
        <Labelled key={name} name={t(`schedules.${name}`)} fault={faultAt(name)}>
          {(id) => (
            <InputNumber
              id={id}
              min={0}
              value={body[name] ?? null}
              onChange={(value) => set({ [name]: value ?? undefined })}
            />
          )}
        </Labelled>
      ))}
      <div role="status" className="verdict">
        {preview.isError && faults.length === 0 && <Failed error={preview.error} />}
        <FaultLines of={faults} />
        {preview.data !== undefined && faults.length === 0 && <NextTimes times={preview.data.next_due_times} />}
      </div>
    </Ask>
  );
}

function NextTimes({ times }: { times: readonly string[] }) {
  const { t } = useTranslation();
  if (times.length === 0) return null;
  return (
    <>
      <p>{t('schedules.nextTimes')}</p>
      <ul>
        {times.map((at) => (
          <li key={at}>
            <Time at={at} ahead />
          </li>
        ))}
      </ul>
    </>
  );
}

const FIRST: NewScheduleDto = {
  title: '',
  cron: '0 2 * * *',
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
};

/** `of` with these values; those that are undefined are left out. */
function patched(of: NewScheduleDto, values: Partial<NewScheduleDto>): NewScheduleDto {
  const all = Object.entries({ ...of, ...values }).filter(([, value]) => value !== undefined);
  return { title: '', ...Object.fromEntries(all) };
}

/** What was saved, as it is sent. */
function bodyOf(schedule: ScheduleDto): NewScheduleDto {
  const { title, description, time_zone, overlap, catch_up, jitter, params } = schedule;
  const { cron, interval, at, template_id, version, chain, on_dataset, on_chain_end, on_webhook } = schedule;
  const chosen = { cron, interval, at, template_id, version, chain, on_dataset, on_chain_end };
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== null));
  const webhook = on_webhook ? { on_webhook } : {};
  return { title, description, time_zone, overlap, catch_up, jitter, params, ...given, ...webhook };
}
