import { Input, Select } from 'antd';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { DatasetDto, FaultDto } from '#client';
import { faultAtOf, faultIn, useFaultWords } from '../view/fault-words.js';
import { shownChoice } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isFields, type Draft, type Fields } from './draft.js';
import { patched, setParams } from './edits.js';
import { OutputFields } from './output-fields.js';
import { ParamsFields } from './params-fields.js';
import { RetryFields } from './retry-fields.js';
import { labelOf } from './rows.js';
import { PRIORITIES } from './running-fields.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { textOf } from './schema.js';
import { Section } from './section.js';

interface ChainPanelProps {
  readonly draft: Draft;
  /** It stands in a task, whose form gives its parameters their values. */
  readonly isInner: boolean;
  readonly datasets: readonly DatasetDto[];
  readonly faults: readonly FaultDto[];
  readonly change: (change: (draft: Draft) => Draft, field?: string) => void;
}

/** Of the chain itself. Its options have the form that a task's parameters have. */
const OPTIONS = {
  stop_on_error: { type: 'boolean', default: true },
  timeout: { type: 'integer', default: 7_200 },
  max_parallel: { type: 'integer' },
  priority: { enum: PRIORITIES, default: 'normal' },
  queue_timeout: { type: 'integer' },
  approval_timeout: { type: 'integer', default: 604_800 },
  concurrency_key: { type: 'string' },
  concurrency_limit: { type: 'integer', default: 1 },
} as const;
/** A value of one's own: a text or a number; one that is more is written as JSON. */
const OWN = { type: ['string', 'number'] };

export const ChainPanel = memo(function ChainPanel({ draft, isInner, datasets, faults, change }: ChainPanelProps) {
  const { t } = useTranslation();
  const words = useFaultWords();
  const faultAt = faultAtOf(faults, words);
  const edit = (patch: Fields) => change((now) => patched(now, patch), `chain ${Object.keys(patch).join()}`);
  const editParams = (next: unknown) => change((now) => setParams(now, next), 'chain params');
  const { params, options, labels, metadata } = draft;
  const setOptions = (next: unknown) =>
    edit({ options: isFields(next) && Object.keys(next).length > 0 ? next : undefined });
  const faultWithin = (pointer: string) => faultIn(faults, words, pointer);
  const help = { parties: [], datasets, params: undefined, complete: () => [], faultAt };
  const tags = isFields(labels) ? Object.entries(labels).map(([name, value]) => `${name}=${textOf(value)}`) : [];
  const named = Object.entries(OPTIONS).map(([name, each]) => [
    name,
    { ...each, title: t(`designer.options.${name}`) },
  ]);
  const hasParams = !isInner && isFields(params) && isFields(params['properties']);
  return (
    <form aria-label={t('designer.chain')} onSubmit={(event) => event.preventDefault()}>
      <h2>{t(isInner ? 'designer.inner.chain' : 'designer.chain')}</h2>
      <Labelled name={t('designer.name')} required={!isInner} fault={faultAt('/chain_name')}>
        {(id) => (
          <Input id={id} value={draft.chain_name} onChange={({ target }) => edit({ chain_name: target.value })} />
        )}
      </Labelled>
      <Labelled name={t('designer.description')} fault={faultAt('/description')}>
        {(id) => (
          <Input.TextArea
            id={id}
            rows={2}
            value={typeof draft['description'] === 'string' ? draft['description'] : ''}
            onChange={({ target }) => edit({ description: target.value === '' ? undefined : target.value })}
          />
        )}
      </Labelled>
      <Labelled name={t('chains.labels')} fault={faultAt('/labels')}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            mode="tags"
            open={false}
            placeholder="env=prod"
            labelRender={shownChoice}
            value={tags}
            onChange={(next: string[]) => {
              const pairs = next.map((each) => [each.split('=', 1)[0]!, each.slice(each.indexOf('=') + 1)] as const);
              edit({ labels: pairs.length > 0 ? Object.fromEntries(pairs) : undefined });
            }}
          />
        )}
      </Labelled>
      <h3>{t('designer.running')}</h3>
      <SchemaFields
        schema={{ properties: Object.fromEntries(named) }}
        value={options}
        change={setOptions}
        pointer="/options"
        help={help}
      />
      <RetryFields
        value={isFields(options) ? options['retry_policy'] : undefined}
        change={(policy) => setOptions(patched(isFields(options) ? options : {}, { retry_policy: policy }))}
        pointer="/options/retry_policy"
        faultAt={faultAt}
      />
      <Section name="metadata" title={t('designer.metadata')} open={metadata !== undefined}>
        <SchemaFields
          schema={{
            properties: {
              metadata: {
                ...{ type: 'object', additionalProperties: OWN, title: t('designer.metadata') },
                description: t('designer.metadataHelp'),
              },
            },
          }}
          value={metadata === undefined ? {} : { metadata }}
          change={(next) => edit({ metadata: isFields(next) ? next['metadata'] : undefined })}
          pointer=""
          help={help}
        />
      </Section>
      <h3>{t('designer.params')}</h3>
      <Labelled
        name={t('designer.paramsSchema')}
        schema={{ description: t(isInner ? 'designer.inner.paramsHelp' : 'designer.paramsHelp') }}
        fault={faultAt('/params')}
      >
        {(id) =>
          params === undefined || isFields(params) ? (
            <ParamsFields
              label={labelOf(id)}
              schema={params}
              change={editParams}
              pointer="/params"
              {...{ faultAt, faultWithin }}
            />
          ) : (
            <AsJson id={id} value={params} change={editParams} />
          )
        }
      </Labelled>
      {hasParams && (
        <fieldset>
          <legend>{t('designer.args')}</legend>
          <SchemaFields
            schema={params}
            value={draft['args']}
            change={(next) => edit({ args: isFields(next) && Object.keys(next).length > 0 ? next : undefined })}
            pointer="/args"
            help={help}
          />
        </fieldset>
      )}
      <OutputFields
        draft={draft}
        change={(outputs, field) => change((now) => patched(now, { outputs }), field)}
        faultAt={faultAt}
        faultWithin={faultWithin}
      />
    </form>
  );
});
