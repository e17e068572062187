import { Table, type TableProps } from 'antd';

/** A table that scrolls by itself where the window is narrow. (Ant Design's own way repeats the heads, hidden and in reach of Tab.) */
export function Rows<Row extends object>(props: TableProps<Row>) {
  return (
    <div className="scroll" tabIndex={0}>
      <Table size="small" pagination={false} {...props} />
    </div>
  );
}
