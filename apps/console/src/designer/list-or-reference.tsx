import { AutoComplete, Segmented } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import type { Help } from './help.js';

interface ListOrReferenceProps {
  readonly id: string;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly help: Help;
  /** Its fields where it is written out. */
  readonly children: ReactNode;
}

/** A list or a map: written out, or a reference to one, where there is something to refer to. */
export function ListOrReference({ id, value, change, help, children }: ListOrReferenceProps) {
  const { t } = useTranslation();
  const [wanted, want] = useState<'list' | 'reference'>('list');
  const isEmpty = Object.keys(value ?? {}).length === 0;
  const way = typeof value === 'string' ? 'reference' : isEmpty ? wanted : 'list';
  const text = typeof value === 'string' ? value : '';
  if (way === 'list' && help.complete('${').length === 0) return children;
  return (
    <div>
      <Segmented
        aria-label={t('designer.list.way')}
        options={(['list', 'reference'] as const).map((each) => ({ value: each, label: t(`designer.list.${each}`) }))}
        value={way}
        onChange={(next: 'list' | 'reference') => {
          want(next);
          change(undefined);
        }}
      />
      {way === 'list' ? (
        children
      ) : (
        <AutoComplete
          id={id}
          className="wide"
          value={text}
          placeholder="${params.…"
          options={help.complete(text === '' ? '${' : text).map((each) => ({ value: each, label: shownText(each) }))}
          onChange={(next: string) => {
            want('reference');
            change(next === '' ? undefined : next);
          }}
        />
      )}
    </div>
  );
}
