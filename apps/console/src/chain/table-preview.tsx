import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { firstRows, NoPreview } from './first-rows.js';
import { useMayRead } from './may-read.js';
import type { Column } from './table-part.js';

interface PreviewProps {
  readonly name: string;
  /** Where it is downloaded. */
  readonly href: string;
  readonly mediaType: string;
}

/** The first rows of a table with the types of its columns, once they are asked for; nothing for those who may not download it. */
export function TablePreview({ name, href, mediaType }: PreviewProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const may = useMayRead(href);
  const table = useQuery({
    queryKey: ['first rows', href],
    queryFn: ({ signal }) => firstRows(href, mediaType, signal),
    enabled: isOpen,
    staleTime: Infinity,
  });
  if (!may) return null;
  return (
    <>
      <Button
        size="small"
        className="preview-button"
        aria-expanded={isOpen}
        loading={table.isLoading}
        onClick={() => setOpen(!isOpen)}
      >
        {t('preview.show', { name: shownText(name, 80) })}
      </Button>
      {isOpen && table.error instanceof NoPreview && <p>{t(`preview.${table.error.why}`)}</p>}
      {isOpen && table.isError && !(table.error instanceof NoPreview) && (
        <Failed error={table.error} retry={() => void table.refetch()} />
      )}
      {isOpen && table.data && <Preview name={name} {...table.data} />}
    </>
  );
}

interface ShownProps {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly isWhole: boolean;
}

function Preview({ name, columns, rows, isWhole }: ShownProps) {
  const { t } = useTranslation();
  return (
    <>
      <div className="scroll preview" tabIndex={0} role="group" aria-label={shownText(name)}>
        <table>
          <thead>
            <tr>
              {columns.map((column, at) => (
                <th key={at} scope="col">
                  <Name text={column.name} className="cell short" />
                  <div className="dim">{t(`preview.types.${column.type}`)}</div>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, place) => (
                  <td key={place}>
                    <Name text={cell} className="cell short" />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim">
        {t(isWhole ? 'preview.whole' : 'preview.more', { count: rows.length, columns: columns.length })}
      </p>
    </>
  );
}
