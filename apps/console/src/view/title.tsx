import { useEffect, type ReactNode } from 'react';
import { Name, shownText } from './name.js';

/** The heading of a page, and the title of its tab. */
export function Title({ text, children }: { text: string; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${shownText(text)} · Task Chain`;
  }, [text]);
  return (
    <div className="title">
      <h1>{text === '' ? '–' : <Name text={text} />}</h1>
      {children}
    </div>
  );
}
