import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import type { Fields } from './draft.js';
import { RowName } from './row-name.js';
import { labelOf, Rows } from './rows.js';

interface MapFieldsProps {
  readonly id?: string | undefined;
  /** The id of what names the map. */
  readonly label: string;
  readonly value: Fields;
  readonly change: (value: Fields | undefined) => void;
  /** A new value. */
  readonly first: () => unknown;
  readonly faultAt: (name: string) => string | undefined;
  /** What a new name begins with. */
  readonly begins?: string;
  readonly addWords?: string;
  readonly longest?: number;
  /** The field of a value, by the id of its input. */
  readonly children: (id: string, value: unknown, change: (value: unknown) => void, name: string) => ReactNode;
}

/** Values by name, which is free; without a name there is no map. */
export function MapFields(props: MapFieldsProps) {
  const { id, label, value, change, first, faultAt, begins = 'name', addWords, longest, children } = props;
  const { t } = useTranslation();
  const own = useId();
  // An object has names that are numbers first: their rows stay where they were written.
  const [order, keep] = useState<readonly string[]>([]);
  const names = Object.keys(value);
  const isKnown = order.length === names.length && order.every((name) => Object.hasOwn(value, name));
  const rows = (isKnown ? order : names).map((name) => [name, value[name]] as const);
  const put = (next: readonly (readonly [string, unknown])[]) => {
    keep(next.map(([name]) => name));
    change(next.length > 0 ? Object.fromEntries(next) : undefined);
  };
  const freeName = () => {
    let n = rows.length + 1;
    while (Object.hasOwn(value, `${begins}-${n}`)) n++;
    return `${begins}-${n}`;
  };
  return (
    <Rows
      id={id}
      label={label}
      names={rows.map(([name]) => shownText(name, 60))}
      faultAt={(index) => faultAt(rows[index]![0])}
      remove={(index) => put(rows.toSpliced(index, 1))}
      add={() => put([...rows, [freeName(), first()]])}
      addWords={addWords ?? t('designer.list.add')}
    >
      {(index) => {
        const [name, each] = rows[index]!;
        const field = `${own}-${index}`;
        return (
          <>
            <RowName
              name={name}
              taken={t('designer.list.taken')}
              longest={longest}
              rename={(to) => {
                if (Object.hasOwn(value, to)) return false;
                put(rows.with(index, [to, each]));
                return true;
              }}
            />
            <div className="field">
              <label htmlFor={field} id={labelOf(field)}>
                {t('designer.list.value')}
              </label>
              {children(field, each, (next) => put(rows.with(index, [name, next])), name)}
            </div>
          </>
        );
      }}
    </Rows>
  );
}
