import { Grid } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** Filters would fill the window of a phone: there they open where they are wanted, or set. */
export function FilterBox({ count, children }: { count: number; children: ReactNode }) {
  const { t } = useTranslation();
  if (Grid.useBreakpoint().sm !== false) return children;
  return (
    <details className="filter-box" open={count > 0}>
      <summary>{count === 0 ? t('chains.filter') : t('chains.filtered', { count })}</summary>
      {children}
    </details>
  );
}
