import { AutoComplete, Segmented } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import type { Help } from './help.js';

type Way = 'list' | 'reference';

interface EitherWayProps {
  readonly id: string;
  /** In the order in which they are offered. */
  readonly ways: readonly Way[];
  readonly way: Way;
  readonly choose: (way: Way) => void;
  /** The reference, as far as it is typed. */
  readonly text: string;
  readonly type: (text: string) => void;
  readonly complete: Help['complete'];
  /** Its fields where it is written out. */
  readonly children: ReactNode;
}

/** A list that is written out or a reference, and which of both. */
export function EitherWay({ id, ways, way, choose, text, type, complete, children }: EitherWayProps) {
  const { t } = useTranslation();
  return (
    <div>
      <Segmented
        aria-label={t('designer.list.way')}
        options={ways.map((each) => ({ value: each, label: t(`designer.list.${each}`) }))}
        value={way}
        onChange={choose}
      />
      {way === 'list' ? (
        children
      ) : (
        <AutoComplete
          id={id}
          className="wide"
          value={text}
          placeholder="${params.…"
          options={complete(text === '' ? '${' : text).map((each) => ({ value: each, label: shownText(each) }))}
          onChange={type}
        />
      )}
    </div>
  );
}

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
  const [wanted, want] = useState<Way>('list');
  const isEmpty = Object.keys(value ?? {}).length === 0;
  const way = typeof value === 'string' ? 'reference' : isEmpty ? wanted : 'list';
  if (way === 'list' && help.complete('${').length === 0) return children;
  return (
    <EitherWay
      ways={['list', 'reference']}
      {...{ id, way }}
      complete={help.complete}
      choose={(next) => {
        want(next);
        change(undefined);
      }}
      text={typeof value === 'string' ? value : ''}
      type={(next) => {
        want('reference');
        change(next === '' ? undefined : next);
      }}
    >
      {children}
    </EitherWay>
  );
}
