import { useState, type ReactNode } from 'react';

export const ROW_PX = 39;
/** In sight at once. */
const SEEN_ROWS = 14;
/** Before and behind those in sight: a row that Tab goes to is there already. */
const MORE_ROWS = 6;

export interface ManyColumn<Row> {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: Row) => ReactNode;
}

interface ManyRowsProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly ManyColumn<Row>[];
}

/**
 * A table of many rows of one height, of which those in sight are in the page. Plain elements: Ant Design's table took the page 75 ms at once
 * for as many rows, and drew them twice.
 */
export function ManyRows<Row>({ label, rows, keyOf, columns }: ManyRowsProps<Row>) {
  const [top, setTop] = useState(0);
  // Fewer rows than before, as where words are looked for: the browser scrolls back only once they are drawn.
  const lowest = Math.max(0, rows.length - SEEN_ROWS);
  const first = Math.max(0, Math.min(top, lowest) - MORE_ROWS);
  const shown = rows.slice(first, first + SEEN_ROWS + 2 * MORE_ROWS);
  const after = rows.length - first - shown.length;
  return (
    <div
      className="many"
      role="group"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop } }) => setTop(Math.floor(scrollTop / ROW_PX))}
    >
      <table aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map(({ title, width }) => (
            <col key={title} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Space rows={first} columns={columns.length} />}
          {shown.map((row, at) => (
            <tr key={keyOf(row)} className="row" aria-rowindex={first + at + 2}>
              {columns.map(({ title, cell }) => (
                <td key={title}>{cell(row)}</td>
              ))}
            </tr>
          ))}
          {after > 0 && <Space rows={after} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

/** The place of rows that are not in the page. */
function Space({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tr aria-hidden="true" className="space">
      <td colSpan={columns} style={{ height: rows * ROW_PX }} />
    </tr>
  );
}
