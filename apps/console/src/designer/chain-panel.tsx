import { Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { DatasetDto, FaultDto } from '#client';
import { faultAtOf, faultIn, useFaultWords } from '../view/fault-words.js';
import { shownChoice } from '../view/name.js';
import { isFields, type Draft, type Fields } from './draft.js';
import { patched } from './edits.js';
import { OutputFields } from './output-fields.js';
import { AsJson, Labelled, SchemaFields } from './schema-form.js';

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
  priority: { enum: ['low', 'normal', 'high', 'critical'], default: 'normal' },
} as const;

export function ChainPanel({ draft, isInner, datasets, faults, change }: ChainPanelProps) {
  const { t } = useTranslation();
  const words = useFaultWords();
  const faultAt = faultAtOf(faults, words);
  const edit = (patch: Fields) => change((now) => patched(now, patch), `chain ${Object.keys(patch).join()}`);
  const { params, options, labels } = draft;
  const help = { parties: [], datasets, params: undefined, complete: () => [], faultAt };
  const tags = isFields(labels) ? Object.entries(labels).map(([name, value]) => `${name}=${String(value)}`) : [];
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
        change={(next) => edit({ options: isFields(next) && Object.keys(next).length > 0 ? next : undefined })}
        pointer="/options"
        help={help}
      />
      <h3>{t('designer.params')}</h3>
      <Labelled
        name={t('designer.paramsSchema')}
        schema={{ description: t(isInner ? 'designer.inner.paramsHelp' : 'designer.paramsHelp') }}
        fault={faultIn(faults, words, '/params')}
      >
        {(id) => <AsJson id={id} value={params} change={(next) => edit({ params: next })} />}
      </Labelled>
      {hasParams && (
        <SchemaFields
          schema={params}
          value={draft['args']}
          change={(next) => edit({ args: isFields(next) && Object.keys(next).length > 0 ? next : undefined })}
          pointer="/args"
          help={help}
        />
      )}
      <OutputFields
        draft={draft}
        change={(outputs, field) => change((now) => patched(now, { outputs }), field)}
        faultAt={faultAt}
        faultWithin={(pointer) => faultIn(faults, words, pointer)}
      />
    </form>
  );
}
