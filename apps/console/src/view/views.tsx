import { Grid, Select, Tabs } from 'antd';
import { useState, type ReactNode } from 'react';

interface ViewsProps {
  /** What the views are of, for screen readers. */
  readonly label: string;
  readonly items: readonly { readonly key: string; readonly label: string; readonly children: ReactNode }[];
  /** The view that is shown, where the caller keeps it. */
  readonly view?: string;
  readonly open?: (view: string) => void;
  /** Whether a view that was left stays as it is, where there is room for tabs. */
  readonly keep?: boolean;
}

/** Views of one thing: tabs, and in a narrow window a list to choose from. Tabs that have no room hide in a menu, which screen readers cannot tell from a tab. */
export function Views({ label, items, view, open, keep = false }: ViewsProps) {
  const [chosen, choose] = useState(items[0]!.key);
  const isNarrow = Grid.useBreakpoint().sm === false;
  const shown = view ?? chosen;
  const onChange = open ?? choose;
  if (!isNarrow)
    return <Tabs tabBarGutter={14} activeKey={shown} onChange={onChange} destroyOnHidden={!keep} items={[...items]} />;
  return (
    <>
      <Select
        className="wide views"
        aria-label={label}
        value={shown}
        onChange={onChange}
        options={items.map(({ key, label: name }) => ({ value: key, label: name }))}
      />
      {items.find(({ key }) => key === shown)?.children}
    </>
  );
}
