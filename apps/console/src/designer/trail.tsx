import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { nameOf, type Draft } from './draft.js';
import { innerOf, type Path } from './inner-chain.js';

interface TrailProps {
  readonly draft: Draft;
  readonly path: Path;
  /** How many times somebody has opened a chain: then it takes the focus, and not after undo, nor while text is typed. */
  readonly opened: number;
  /** Draws the chain that stands so deep; 0 is the outermost. */
  readonly open: (depth: number) => void;
}

/** The way from the outermost chain to the one that is drawn, where that stands in a task. */
export function Trail({ draft, path, opened, open }: TrailProps) {
  const { t } = useTranslation();
  const here = useRef<HTMLSpanElement>(null);
  const depth = path.length;
  const before = useRef(opened);
  // What led here is gone from the page.
  useEffect(() => {
    if (before.current !== opened) here.current?.focus({ preventScroll: true });
    before.current = opened;
  }, [opened]);
  if (depth === 0) return null;
  const names = path.map((id, at) => {
    const task = innerOf(draft, path.slice(0, at)).draft.tasks.find(({ task_id }) => task_id === id);
    return shownText(task === undefined ? id : nameOf(task), 40);
  });
  const all = [draft.chain_name === '' ? t('designer.chain') : shownText(draft.chain_name, 40), ...names];
  return (
    <nav className="trail nokey" aria-label={t('designer.inner.trail')}>
      <ol>
        {all.map((name, at) => (
          <li key={at}>
            {at < depth ? (
              <button type="button" onClick={() => open(at)}>
                <bdi>{name}</bdi>
              </button>
            ) : (
              <span ref={here} tabIndex={-1} aria-current="page">
                <bdi>{name}</bdi>
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
