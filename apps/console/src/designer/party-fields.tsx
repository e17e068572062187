import { useQuery } from '@tanstack/react-query';
import { AutoComplete, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { api } from '../api.js';
import { shownChoice, shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isFields, type DraftTask, type Fields } from './draft.js';
import { patched } from './edits.js';
import { Labelled } from './schema-form.js';

interface PartyFieldsProps {
  readonly task: DraftTask;
  /** The JSON pointer of `sf_init_config`. */
  readonly at: string;
  /** The parties of the datasets that are there. */
  readonly known: readonly string[];
  readonly change: (init: unknown) => void;
  readonly faultAt: (pointer: string) => string | undefined;
  /** What is wrong at a pointer or below it. */
  readonly faultWithin: (pointer: string) => string | undefined;
}

/** What refers to a value that is not known when the chain is created; a parameter of the chain is. */
const LATER = /\$\{(?!params\.)/;

/** Who takes part in a task, and where it runs. */
export function PartyFields({ task, at, known, change, faultAt, faultWithin }: PartyFieldsProps) {
  const { t } = useTranslation();
  const parties = useQuery({
    queryKey: ['parties'],
    queryFn: ({ signal }) => api.listParties({ signal }),
    staleTime: 60_000,
  });
  const nodes = useQuery({
    queryKey: ['nodes'],
    queryFn: ({ signal }) => api.listNodes({ signal }),
    staleTime: 10_000,
  });
  const init = task.task_params['sf_init_config'];
  if (init !== undefined && !isFields(init)) {
    return (
      <Labelled name={t('designer.parties')} required fault={faultWithin(at)}>
        {(field) => <AsJson id={field} value={init} change={change} />}
      </Labelled>
    );
  }
  const { parties: written, address, dealer }: Fields = init ?? {};
  const set = (patch: Fields) => {
    const next = patched(init ?? {}, patch);
    change(Object.keys(next).length > 0 ? next : undefined);
  };
  const sites = (nodes.data?.items ?? []).filter(({ revoked_at }) => revoked_at === null);
  const hasSite = new Set(sites.flatMap((site) => (site.dealer ? [] : [site.party])));
  const dealers = [...new Set(sites.flatMap((site) => (site.dealer ? [site.party] : [])))];
  const names = [...new Set([...(parties.data?.items ?? []).map(({ party }) => party), ...known])];
  const chosen = written === undefined ? [] : isTexts(written) ? written : undefined;
  const where = ['node', 'local'].map((each) => ({ value: each, label: t(`designer.address.${each}`) }));
  const missing = faultAt(`${at}/dealer`);
  // SPU has none.
  const offersDealer = address !== 'local' && task.task_params['engine'] !== 'secretflow' && dealers.length > 0;
  const isOdd = !(address === undefined || address === 'node' || address === 'local');
  const later = (value: unknown) => (LATER.test(JSON.stringify(value ?? '')) ? t('designer.address.later') : undefined);
  return (
    <>
      <Labelled name={t('designer.parties')} required fault={faultAt(at) ?? faultWithin(`${at}/parties`)}>
        {(field) =>
          chosen === undefined ? (
            <AsJson id={field} value={written} change={(next) => set({ parties: next })} />
          ) : (
            <Select
              id={field}
              className="wide"
              mode="tags"
              options={names.map((each) => ({
                value: each,
                label: hasSite.has(each)
                  ? t('designer.address.hasSite', { party: shownText(each, 60) })
                  : shownText(each, 60),
              }))}
              optionLabelProp="value"
              labelRender={shownChoice}
              value={[...chosen]}
              onChange={(next: string[]) => set({ parties: next })}
            />
          )
        }
      </Labelled>
      <Labelled
        name={t('designer.address.where')}
        fault={later(address) ?? faultAt(`${at}/address`)}
        schema={{ description: isOdd ? undefined : t(`designer.address.${address ?? 'absent'}Help`) }}
      >
        {(field) =>
          isOdd && typeof address !== 'string' ? (
            <AsJson id={field} value={address} change={(next) => set({ address: next })} />
          ) : (
            <Select
              id={field}
              className="wide"
              allowClear
              placeholder={t('designer.address.absent')}
              // What is written otherwise stays in sight until another one is chosen.
              options={isOdd ? [...where, { value: address, label: shownText(String(address), 100) }] : where}
              value={address as string | undefined}
              onChange={(next: string | undefined) => set({ address: next })}
            />
          )
        }
      </Labelled>
      {(dealer !== undefined || missing !== undefined || offersDealer) && (
        <Labelled
          name={t('designer.address.dealer')}
          fault={later(dealer) ?? missing}
          schema={{ description: t('designer.address.dealerHelp') }}
        >
          {(field) =>
            dealer !== undefined && typeof dealer !== 'string' ? (
              <AsJson id={field} value={dealer} change={(next) => set({ dealer: next })} />
            ) : (
              <AutoComplete
                id={field}
                className="wide"
                allowClear
                options={dealers.map((each) => ({ value: each, label: shownText(each, 60) }))}
                value={dealer ?? ''}
                onChange={(next: string | undefined) => set({ dealer: next === '' ? undefined : next })}
              />
            )
          }
        </Labelled>
      )}
    </>
  );
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
