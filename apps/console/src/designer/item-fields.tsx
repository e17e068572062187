import { AutoComplete, Segmented, Select } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { isFields, type Fields } from './draft.js';
import { ListFields } from './list-fields.js';
import { labelOf } from './rows.js';
import { artifactsOf, textOf } from './schema.js';
import type { Help } from './help.js';
import { Labelled, Part } from './schema-form.js';

/** An item is a text or a number; one that is more is written as JSON. */
const ITEM = { type: ['string', 'number'] };

interface ItemFieldsProps {
  readonly id: string;
  readonly value: unknown;
  readonly change: (items: unknown) => void;
  readonly pointer: string;
  readonly help: Omit<Help, 'params'>;
}

/** The list of `for_each`: written out item by item, or a reference to one. */
export function ItemFields({ id, value, change, pointer, help }: ItemFieldsProps) {
  const { t } = useTranslation();
  const area = useRef<HTMLDivElement>(null);
  const focus = useRef(false);
  const [wanted, want] = useState<'list' | 'reference'>('reference');
  const way = Array.isArray(value) ? 'list' : value === undefined ? wanted : 'reference';
  // A list that was typed as JSON has other fields than the one it was typed in.
  useEffect(() => {
    if (focus.current && way === 'list') area.current?.querySelector<HTMLElement>('.arms input')?.focus();
    focus.current = false;
  }, [way]);
  return (
    <div>
      <Segmented
        aria-label={t('designer.list.way')}
        options={(['reference', 'list'] as const).map((each) => ({ value: each, label: t(`designer.list.${each}`) }))}
        value={way}
        onChange={(next: 'list' | 'reference') => {
          want(next);
          change(next === 'list' ? [''] : undefined);
        }}
      />
      {way === 'reference' ? (
        <AutoComplete
          id={id}
          className="wide"
          value={textOf(value)}
          placeholder="${params.…"
          options={help
            .complete(value === undefined || value === '' ? '${' : textOf(value))
            .map((each) => ({ value: each, label: shownText(each) }))}
          onChange={(next: string) => {
            const list = artifactsOf(next);
            focus.current = Array.isArray(list);
            change(next === '' ? undefined : Array.isArray(list) ? list : next);
          }}
        />
      ) : (
        <div ref={area}>
          <WrittenOut id={id} value={Array.isArray(value) ? value : []} {...{ change, pointer, help }} />
        </div>
      )}
    </div>
  );
}

/** The fields of items that are flat objects; undefined where one is not. */
function fieldsOfAll(items: readonly unknown[]): readonly string[] | undefined {
  const isFlat = items.every(
    (item) => isFields(item) && Object.values(item).every((each) => typeof each !== 'object' || each === null),
  );
  return items.length > 0 && isFlat ? [...new Set(items.flatMap((item) => Object.keys(item as Fields)))] : undefined;
}

function WrittenOut({ id, value, change, pointer, help }: ItemFieldsProps & { readonly value: readonly unknown[] }) {
  const { t } = useTranslation();
  const names = fieldsOfAll(value) ?? [];
  const properties = Object.fromEntries(names.map((name) => [name, ITEM]));
  /** An item with other fields: what stood alone goes into the first, and comes out of it again. */
  const withFields = (item: unknown, next: readonly string[]): unknown => {
    const had = isFields(item) ? item : { [next[0] ?? '']: item };
    if (next.length === 0) return Object.values(had)[0] ?? '';
    return Object.fromEntries(next.map((name) => [name, Object.hasOwn(had, name) ? had[name] : '']));
  };
  return (
    <>
      <Labelled name={t('designer.list.fields')} schema={{ description: t('designer.list.fieldsHelp') }}>
        {(field) => (
          <Select
            id={field}
            className="wide"
            mode="tags"
            open={false}
            tokenSeparators={[',']}
            value={[...names]}
            disabled={names.length === 0 && value.some((item) => typeof item === 'object')}
            onChange={(next: string[]) => change(value.map((item) => withFields(item, next)))}
          />
        )}
      </Labelled>
      <ListFields
        id={id}
        label={labelOf(id)}
        value={value}
        // Of an empty list nothing runs, which is a success.
        change={(next) => change(next ?? [])}
        first={() => withFields('', names)}
        faultAt={(index) => help.faultAt(`${pointer}/${index}`)}
      >
        {(own, item, set, index) => (
          <Part
            id={own}
            schema={names.length > 0 ? { type: 'object', properties } : ITEM}
            value={item}
            change={(next) => set(next === undefined ? '' : next)}
            pointer={`${pointer}/${index}`}
            help={{ ...help, params: {} }}
          />
        )}
      </ListFields>
    </>
  );
}
