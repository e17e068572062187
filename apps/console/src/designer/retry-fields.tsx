import { useTranslation } from 'react-i18next';
import { isFields, type Fields } from './draft.js';
import type { Help } from './help.js';
import { SchemaFields } from './schema-form.js';
import { Section } from './section.js';

/** When and how often a failure is retried; the API says what is wrong. */
const POLICY: Readonly<Record<string, Fields>> = {
  max_retries: { type: 'integer', default: 0 },
  retry_on_failure: { type: 'boolean', default: true },
  backoff: { enum: ['fixed', 'exponential'], default: 'fixed' },
  delay_ms: { type: 'integer', default: 1_000 },
  max_delay_ms: { type: 'integer', default: 300_000 },
  jitter: { type: 'boolean', default: false },
  retry_on: { type: 'array', items: { type: 'string' } },
  never_retry_on: { type: 'array', items: { type: 'string' } },
  budget_seconds: { type: 'integer' },
  on_exhausted: { enum: ['fail', 'pause'], default: 'fail' },
};
const HELPED = ['backoff', 'jitter', 'retry_on', 'never_retry_on', 'budget_seconds', 'on_exhausted'];

interface RetryFieldsProps {
  readonly value: unknown;
  /** What holds for a field that is not set. */
  readonly inherited?: unknown;
  readonly change: (policy: Fields | undefined) => void;
  readonly pointer: string;
  readonly faultAt: (pointer: string) => string | undefined;
}

/** The retry policy of a task, of what undoes one, or of a chain. */
export function RetryFields({ value, inherited, change, pointer, faultAt }: RetryFieldsProps) {
  const { t } = useTranslation();
  const above = isFields(inherited) ? inherited : {};
  const properties = Object.entries(POLICY).map(([name, schema]) => [
    name,
    {
      ...schema,
      ...(above[name] !== undefined && { default: above[name] }),
      title: t(`designer.retry.${name}`),
      ...(HELPED.includes(name) && { description: t(`designer.retry.help.${name}`) }),
    },
  ]);
  const help: Help = { parties: [], datasets: [], params: undefined, complete: () => [], faultAt };
  return (
    <Section name="retry" title={t('designer.retry.title')} open={value !== undefined}>
      <SchemaFields
        schema={{ properties: Object.fromEntries(properties) }}
        value={value}
        change={(next) => change(isFields(next) && Object.keys(next).length > 0 ? next : undefined)}
        pointer={pointer}
        help={help}
      />
    </Section>
  );
}
