import { Skeleton } from 'antd';
import { useDeferredValue, type ReactNode } from 'react';

/** What takes its time to be drawn, drawn by itself after all around it: together they would keep the page from answering for longer than 50 ms. */
export function Later({ children }: { children: ReactNode }) {
  const isDue = useDeferredValue(true, false);
  return isDue ? children : <Skeleton active title={false} />;
}
