import { Select } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isFields, type Fields } from './draft.js';
import { ListFields } from './list-fields.js';
import { EitherWay } from './list-or-reference.js';
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
    <EitherWay
      ways={['reference', 'list']}
      {...{ id, way }}
      complete={help.complete}
      choose={(next) => {
        want(next);
        change(next === 'list' ? [''] : undefined);
      }}
      text={value === undefined ? '' : textOf(value)}
      type={(next) => {
        const list = artifactsOf(next);
        focus.current = Array.isArray(list);
        change(next === '' ? undefined : Array.isArray(list) ? list : next);
      }}
    >
      <div ref={area}>
        <WrittenOut id={id} value={Array.isArray(value) ? value : []} {...{ change, pointer, help }} />
      </div>
    </EitherWay>
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
