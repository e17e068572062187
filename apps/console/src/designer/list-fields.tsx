import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { labelOf, Rows } from './rows.js';

interface ListFieldsProps {
  readonly id: string;
  /** The id of what names the list. */
  readonly label: string;
  readonly value: readonly unknown[];
  readonly change: (value: readonly unknown[] | undefined) => void;
  /** A new item. */
  readonly first: () => unknown;
  readonly faultAt: (index: number) => string | undefined;
  /** The field of an item, by the id of its input. */
  readonly children: (id: string, value: unknown, change: (value: unknown) => void, index: number) => ReactNode;
}

/** A list, item by item in its order; without an item there is none. */
export function ListFields({ id, label, value, change, first, faultAt, children }: ListFieldsProps) {
  const { t } = useTranslation();
  const own = useId();
  const put = (next: readonly unknown[]) => change(next.length > 0 ? next : undefined);
  return (
    <Rows
      id={id}
      label={label}
      names={value.map((_, index) => t('designer.list.item', { number: index + 1 }))}
      faultAt={faultAt}
      swap={(index) => put(value.toSpliced(index, 2, value[index + 1], value[index]))}
      remove={(index) => put(value.toSpliced(index, 1))}
      add={() => put([...value, first()])}
      addWords={t('designer.list.add')}
    >
      {(index) => (
        <Item id={`${own}-${index}`} name={t('designer.list.item', { number: index + 1 })}>
          {children(`${own}-${index}`, value[index], (next) => put(value.with(index, next)), index)}
        </Item>
      )}
    </Rows>
  );
}

/** The name of an item's own field, which the row shows already. */
function Item({ id, name, children }: { id: string; name: string; children: ReactNode }) {
  return (
    <>
      <label htmlFor={id} id={labelOf(id)} className="unseen">
        {name}
      </label>
      {children}
    </>
  );
}
