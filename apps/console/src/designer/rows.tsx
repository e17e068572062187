import { Button, Space } from 'antd';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { useRowFocus } from './use-row-focus.js';

interface RowsProps {
  /** The id of what names the group. */
  readonly label: string;
  /** The id of the group. */
  readonly id?: string | undefined;
  readonly names: readonly string[];
  /** What is wrong with a row as a whole. */
  readonly faultAt: (index: number) => string | undefined;
  /** Undefined: the order says nothing. */
  readonly swap?: ((index: number) => void) | undefined;
  readonly remove: (index: number) => void;
  /** Undefined: there is no room for one more. */
  readonly add: (() => void) | undefined;
  readonly addWords: string;
  readonly children: (index: number) => ReactNode;
}

/**
 * Rows that are added, moved and removed, by keyboard as by mouse: what was moved keeps the focus, the first field of a new row gets it, and where a row
 * was removed the button that adds one.
 */
export function Rows({ label, id, names, faultAt, swap, remove, add, addWords, children }: RowsProps) {
  const own = useId();
  const { list, adding, afterMove, afterAdd, afterRemove } = useRowFocus();
  const move = (index: number, by: 1 | -1) => {
    afterMove(index, by);
    swap?.(by === 1 ? index : index - 1);
  };
  return (
    <div id={id} role="group" aria-labelledby={label}>
      <div className="arms" ref={list}>
        {names.map((name, index) => (
          // A row is known by its place: it keeps the focus while its name changes.
          <div key={index} role="group" aria-labelledby={`${own}-${index}`}>
            <div className="arm-head">
              <strong id={`${own}-${index}`}>{name}</strong>
              <Space size={4}>
                {swap && <RowButton way="up" name={name} isOff={index === 0} act={() => move(index, -1)} />}
                {swap && (
                  <RowButton way="down" name={name} isOff={index + 1 === names.length} act={() => move(index, 1)} />
                )}
                <RowButton
                  way="remove"
                  name={name}
                  act={() => {
                    afterRemove();
                    remove(index);
                  }}
                />
              </Space>
            </div>
            <Fault text={faultAt(index)} />
            {children(index)}
          </div>
        ))}
      </div>
      <Button
        ref={adding}
        disabled={add === undefined}
        onClick={() => {
          afterAdd(names.length);
          add?.();
        }}
      >
        {addWords}
      </Button>
    </div>
  );
}

const SIGNS = { up: '↑', down: '↓', remove: '×' } as const;

interface RowButtonProps {
  readonly way: keyof typeof SIGNS;
  /** Of the row. */
  readonly name: string;
  readonly isOff?: boolean;
  readonly act: (() => void) | undefined;
}

/** Moves or removes a row. */
export function RowButton({ way, name, isOff = false, act }: RowButtonProps) {
  const { t } = useTranslation();
  const words = t(`designer.arms.${way}`, { arm: name });
  return (
    <Button size="small" className={way} disabled={isOff} aria-label={words} title={words} onClick={act}>
      {SIGNS[way]}
    </Button>
  );
}

/** The id of what names a field or a group of them, by the id of that. */
export const labelOf = (id: string): string => `${id}-name`;

/** What is wrong, where something is. */
export function Fault({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p className="fault" role="alert">
      {shownText(text, 400)}
    </p>
  );
}
