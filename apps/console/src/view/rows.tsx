import { Table, type TableProps } from 'antd';
import { useSyncExternalStore } from 'react';

/** A table that scrolls by itself where the window is narrow. (Ant Design's own way repeats the heads, hidden and in reach of Tab.) */
export function Rows<Row extends object>(props: TableProps<Row>) {
  return (
    <div className="scroll" tabIndex={0}>
      <Table size="small" pagination={false} {...props} />
    </div>
  );
}

/** Rows beyond this are not in the page until they are scrolled to. */
const MOST_ROWS = 50;
/** In sight at once. */
const SEEN_ROWS = 14;
const ROW_PX = 39;
/** A window that Ant Design calls `xl`. Its own hook knows only after all rows were drawn once. */
const WIDE = matchMedia('(min-width: 1200px)');
const onWide = (changed: () => void) => {
  WIDE.addEventListener('change', changed);
  return () => WIDE.removeEventListener('change', changed);
};
const PAGES = { showSizeChanger: false, hideOnSinglePage: true };

/**
 * A table of many rows; each column needs a width. In a window that is narrower than the columns it has small pages: rows that are not in the
 * page cannot be scrolled to the side by keyboard.
 */
export function ManyRows<Row extends object>(props: TableProps<Row> & { readonly dataSource: readonly Row[] }) {
  const isWide = useSyncExternalStore(onWide, () => WIDE.matches);
  if (!isWide || props.dataSource.length <= MOST_ROWS)
    return <Rows {...props} pagination={{ ...PAGES, pageSize: MOST_ROWS }} />;
  return <VirtualRows {...props} pagination={{ ...PAGES, pageSize: MOST_ROWS * 10 }} />;
}

function VirtualRows<Row extends object>(props: TableProps<Row>) {
  const width = props.columns?.reduce((sum, each) => sum + Number(each.width), 0) ?? 0;
  return <Table size="small" virtual scroll={{ x: width, y: SEEN_ROWS * ROW_PX }} pagination={false} {...props} />;
}
