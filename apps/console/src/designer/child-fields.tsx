import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { api } from '../api.js';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { useChildChain } from './child-chain.js';
import { isFields, type Fields } from './draft.js';
import { patched } from './edits.js';
import type { Help } from './help.js';
import { Labelled, SchemaFields } from './schema-form.js';

/** More of them than anybody chooses from; the others are found by their words. */
const OFFERED = 100;

interface ChildFieldsProps {
  readonly config: Fields;
  readonly change: (config: Fields) => void;
  /** The JSON pointer of the config. */
  readonly at: string;
  readonly help: Help;
  /** Draws the chain that is written out; undefined where that cannot be. */
  readonly open: (() => void) | undefined;
}

/** The chain that a task runs: one that is written out, or a version of a template, with a value for each of its parameters. */
export function ChildFields({ config, change, at, help, open }: ChildFieldsProps) {
  const { t } = useTranslation();
  const { chain, template, version, args } = config;
  const templates = useQuery({
    queryKey: ['templates', 'to choose'],
    queryFn: ({ signal }) => api.listTemplates({ query: { page_size: OFFERED }, signal }),
    staleTime: 60_000,
  });
  const chosen = typeof template === 'string' ? template : undefined;
  const body = useChildChain(config);
  const params = isFields(body?.['params']) ? body['params'] : undefined;
  const set = (patch: Fields) => change(patched(config, patch));
  return (
    <>
      <Labelled name={t('designer.child.template')} fault={help.faultAt(`${at}/template`)}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            allowClear
            showSearch={{ optionFilterProp: 'label' }}
            value={chosen ?? null}
            options={(templates.data?.items ?? []).map(({ template_id, title }) => ({
              value: template_id,
              label: shownText(title, 80),
            }))}
            onChange={(next: string | null | undefined) => {
              // What was given was for other parameters.
              if (next == null) set({ template: undefined, version: undefined, args: undefined });
              else set({ template: next, version: undefined, args: undefined, chain: undefined });
            }}
          />
        )}
      </Labelled>
      {chosen === undefined ? (
        <Labelled
          name={t('designer.child.chain')}
          schema={{ description: t('designer.child.chainHelp') }}
          fault={help.faultAt(`${at}/chain`)}
        >
          {(id) => (
            <>
              {open !== undefined && (
                <div>
                  <Button onClick={open}>
                    {t(chain === undefined ? 'designer.inner.draw' : 'designer.inner.open')}
                  </Button>
                </div>
              )}
              <details open={open === undefined}>
                <summary>{t('designer.inner.json')}</summary>
                <AsJson id={id} value={chain} change={(next) => set({ chain: next })} />
              </details>
            </>
          )}
        </Labelled>
      ) : (
        <SchemaFields
          schema={{
            properties: {
              version: {
                type: ['integer', 'string'],
                title: t('designer.child.version'),
                description: t('designer.child.versionHelp'),
              },
            },
          }}
          value={{ version }}
          change={(next) => set({ version: isFields(next) ? next['version'] : undefined })}
          pointer={at}
          help={help}
        />
      )}
      {params === undefined ? (
        args !== undefined && (
          <Labelled name={t('designer.child.args')} fault={help.faultAt(`${at}/args`)}>
            {(id) => <AsJson id={id} value={args} change={(next) => set({ args: next })} />}
          </Labelled>
        )
      ) : (
        <fieldset>
          <legend>{t('designer.child.args')}</legend>
          <SchemaFields
            schema={params}
            value={args}
            change={(next) => set({ args: isFields(next) && Object.keys(next).length > 0 ? next : undefined })}
            pointer={`${at}/args`}
            help={help}
          />
        </fieldset>
      )}
    </>
  );
}
