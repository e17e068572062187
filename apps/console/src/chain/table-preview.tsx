import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { firstBytes, tableOf, type Column } from './first-rows.js';

interface PreviewProps {
  readonly name: string;
  /** Where it is downloaded. */
  readonly href: string;
}

/** The first rows of a CSV artifact with the types of its columns, once they are asked for; nothing for those who may not download it. */
export function TablePreview({ name, href }: PreviewProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  // The API alone knows who may: HEAD is asked in the same way as GET, and is no download.
  const may = useQuery({
    queryKey: ['may read', href],
    queryFn: async ({ signal }) => (await fetch(href, { method: 'HEAD', signal })).ok,
    staleTime: Infinity,
  }).data;
  const table = useQuery({
    queryKey: ['first rows', href],
    queryFn: async ({ signal }) => tableOf(await firstBytes(href, signal)),
    enabled: isOpen,
    staleTime: Infinity,
  });
  if (may !== true) return null;
  return (
    <>
      <Button size="small" aria-expanded={isOpen} loading={table.isLoading} onClick={() => setOpen(!isOpen)}>
        {t('preview.show', { name: shownText(name, 80) })}
      </Button>
      {isOpen && table.isError && <Failed error={table.error} retry={() => void table.refetch()} />}
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
