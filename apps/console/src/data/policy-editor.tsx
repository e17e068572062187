import { useQuery } from '@tanstack/react-query';
import { Button, Skeleton, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { stringify } from 'yaml';
import type { DatasetDto, StatementDto } from '#client';
import { api } from '../api.js';
import { useTaskTypes } from '../task-types.js';
import { isFields, type Fields } from '../designer/draft.js';
import { SchemaFields } from '../designer/schema-form.js';
import { Failed } from '../view/failed.js';
import { marked, shownText } from '../view/name.js';
import { useNow } from '../view/times.js';
import { Command } from './command.js';
import { faultsOfPolicy, NEW_POLICY, policyOf, POLICY_FIELDS, RULE_FIELDS } from './policy.js';

/** What an owner lets others do with a dataset, as a form. The owner's command checks and signs what is made here; nothing is sent. */
export function PolicyEditor({ of }: { of: DatasetDto }) {
  const path = { party: of.party };
  const query = useQuery({
    queryKey: ['policies', of.party],
    queryFn: ({ signal }) => api.listStatements({ path, query: { kind: 'policy' }, signal }),
  });
  if (query.isPending) return <Skeleton active title={false} />;
  const now = query.data?.items.find(({ body }) => body['dataset'] === of.name);
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data && <Editor key={now?.serial} dataset={of} now={now} />}
    </>
  );
}

function Editor({ dataset, now }: { dataset: DatasetDto; now: StatementDto | undefined }) {
  const { t } = useTranslation();
  const { party, name, columns } = dataset;
  const [policy, change] = useState<Fields>(() => (now === undefined ? NEW_POLICY : policyOf(now.body)));
  const [added, add] = useState<number>();
  const types = useTaskTypes().data;
  const rules = (Array.isArray(policy['rules']) ? policy['rules'] : []).filter(isFields);
  const setRules = (next: readonly Fields[]) => change({ ...policy, rules: next });
  const faults = faultsOfPolicy(policy, useNow(false));
  const help = {
    ...{ parties: [], datasets: [dataset], params: [dataset.reference], complete: () => [] },
    faultAt: (pointer: string) => {
      const found = faults.find((each) => each.pointer === pointer);
      return found && t(`data.faults.${found.why}`);
    },
  };
  const named = (schema: unknown): Fields => {
    const { properties, ...rest } = schema as Fields;
    if (!isFields(properties)) return rest;
    const parts = Object.entries(properties).map(([part, each]) => [
      part,
      { ...(each as Fields), title: t(`data.parts.${part}`) },
    ]);
    return { ...rest, properties: Object.fromEntries(parts) };
  };
  const schemaOf = (fields: Fields): Fields => ({
    properties: Object.fromEntries(
      Object.entries(fields).map(([field, schema]) => [
        field,
        { ...named(schema), title: t(`data.fields.${field}`), description: t(`data.fieldHelp.${field}`) },
      ]),
    ),
  });
  const ruleSchema = schemaOf(
    RULE_FIELDS(
      (types ?? []).map(({ task_type }) => task_type),
      columns.map((each) => each.name),
    ),
  );
  const text = stringify(policy);
  const move = (at: number, to: number) => {
    const next = [...rules];
    const [moved] = next.splice(at, 1);
    next.splice(to, 0, moved!);
    setRules(next);
  };
  const key = `~/${party}/${party}.key`;
  return (
    <div className="start">
      <form aria-label={t('data.policy')} onSubmit={(event) => event.preventDefault()}>
        <p>{now === undefined ? t('data.noPolicy') : t('data.rulesNow')}</p>
        <SchemaFields
          schema={schemaOf(POLICY_FIELDS)}
          value={policy}
          change={(next) => change(isFields(next) ? next : {})}
          pointer=""
          help={help}
        />
        {rules.map((rule, at) => (
          // Rules have no names: their order is what tells them apart.
          <details key={at} className="rule" open={added === at}>
            <summary>
              {at + 1}. {summaryOf(rule)}
            </summary>
            <SchemaFields
              schema={ruleSchema}
              value={rule}
              change={(next) => setRules(rules.map((each, i) => (i === at && isFields(next) ? next : each)))}
              pointer={`/rules/${at}`}
              help={help}
            />
            <Space wrap>
              <Button disabled={at === 0} onClick={() => move(at, at - 1)}>
                {t('data.up')}
              </Button>
              <Button disabled={at === rules.length - 1} onClick={() => move(at, at + 1)}>
                {t('data.down')}
              </Button>
              <Button danger onClick={() => setRules(rules.filter((_, i) => i !== at))}>
                {t('data.removeRule')}
              </Button>
            </Space>
          </details>
        ))}
        <Button
          onClick={() => {
            setRules([...rules, { effect: 'allow', task_types: [] }]);
            add(rules.length);
          }}
        >
          {t('data.addRule')}
        </Button>
      </form>
      <section aria-label={t('data.toSign')} className="beside">
        <div role="status">
          {faults.length > 0 && (
            <span className="status status-failure">✗ {t('designer.faults', { count: faults.length })}</span>
          )}
        </div>
        <pre className="json" tabIndex={0} role="group" aria-label="policy.yaml" dir="ltr">
          {marked(text)}
        </pre>
        <p>
          <a
            href={`data:application/yaml;charset=utf-8,${encodeURIComponent(text.toWellFormed())}`}
            download="policy.yaml"
          >
            {t('data.download')}
          </a>
        </p>
        <Command of={`task-chain policies set ${party}/${name} --file policy.yaml --dry-run`}>
          {t('data.toCheck')}
        </Command>
        <Command of={`task-chain policies set ${party}/${name} --file policy.yaml --key ${key}`}>
          {t('data.toSignAbout')}
        </Command>
      </section>
    </div>
  );
}

/** allow psi, psi_count · bob */
function summaryOf(rule: Fields): string {
  const all = (name: string): string =>
    Array.isArray(rule[name]) ? (rule[name] as unknown[]).map(String).join(', ') : '';
  return shownText(
    [`${String(rule['effect'] ?? '?')} ${all('task_types') || '…'}`, all('with')]
      .filter((each) => each !== '')
      .join(' · '),
    160,
  );
}
