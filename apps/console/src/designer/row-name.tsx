import { Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Fault } from './rows.js';

interface RowNameProps {
  readonly name: string;
  /** What is said where another row has the name. */
  readonly taken: string;
  /** Gives it another name; false where another row has that. */
  readonly rename: (to: string) => boolean;
  /** Characters of a name. */
  readonly longest?: number | undefined;
}

/** The name of a row. It counts on leaving the field: while it is typed it may be that of another one. */
export function RowName({ name, taken, rename, longest = 100 }: RowNameProps) {
  const { t } = useTranslation();
  const field = useId();
  const [typed, type] = useState<{ of: string; text: string; isTaken: boolean }>();
  // Where rows were removed, what was typed is of another one.
  const { text, isTaken } = typed?.of === name ? typed : { text: name, isTaken: false };
  const done = () => {
    const isLeft = text !== '' && text !== name && !rename(text);
    type(isLeft ? { of: name, text, isTaken: true } : undefined);
  };
  return (
    <div className="field">
      <label htmlFor={field}>{t('designer.name')}</label>
      <Input
        id={field}
        value={text}
        maxLength={longest}
        onChange={({ target }) => type({ of: name, text: target.value, isTaken })}
        onBlur={done}
        onPressEnter={(event) => {
          // The form around it is not sent: that may start a chain.
          event.preventDefault();
          done();
        }}
      />
      <Fault text={isTaken ? taken : undefined} />
    </div>
  );
}
