import { Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface AsJsonProps {
  readonly id: string;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly onFocus?: () => void;
  readonly onBlur?: () => void;
}

/** A value for which there is no better field. It counts while it is JSON. */
export function AsJson({ id, value, change, ...focus }: AsJsonProps) {
  const { t } = useTranslation();
  const written = value === undefined ? '' : (JSON.stringify(value, null, 1) ?? '');
  // What is typed is of one value: where rows are moved or removed, the field shows another one.
  const [typed, type] = useState<{ readonly text: string; readonly of: unknown }>();
  const read = (text: string) => {
    let next: unknown;
    try {
      next = text.trim() === '' ? undefined : JSON.parse(text);
    } catch {
      // Said below; it counts once it is whole.
      return type({ text, of: value });
    }
    type({ text, of: next });
    change(next);
  };
  // What is typed stays as it is written: put in order as the field is left, it would move what is about to be clicked.
  const shown = typed !== undefined && isSame(typed.of, value) ? typed.text : written;
  const isWrong = shown.trim() !== '' && !parses(shown);
  return (
    <>
      <Input.TextArea
        id={id}
        rows={Math.min(10, shown.split('\n').length)}
        className="code"
        value={shown}
        onChange={(event) => read(event.target.value)}
        {...focus}
        spellCheck={false}
      />
      {isWrong && (
        <p className="fault" role="alert">
          {t('designer.notJson')}
        </p>
      )}
    </>
  );
}

/** What stands in a row of which nothing is written. */
const BLANK = ['""', '{}', '[]'];

const isSame = (of: unknown, value: unknown): boolean =>
  JSON.stringify(of) === JSON.stringify(value) || (of === undefined && BLANK.includes(JSON.stringify(value)));

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
