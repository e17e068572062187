import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

interface PagerProps {
  /** 1 is the first. */
  readonly page: number;
  readonly hasMore: boolean;
  readonly turn: (page: number) => void;
}

/** Turns the pages of a list whose length is not known; nothing where there is only one. */
export function Pager({ page, hasMore, turn }: PagerProps) {
  const { t } = useTranslation();
  if (page === 1 && !hasMore) return null;
  return (
    <p>
      <Button disabled={page === 1} onClick={() => turn(page - 1)}>
        {t('chain.before')}
      </Button>{' '}
      <Button disabled={!hasMore} onClick={() => turn(page + 1)}>
        {t('chain.after')}
      </Button>
    </p>
  );
}
