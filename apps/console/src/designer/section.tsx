import { createContext, useContext, useState, type ReactNode } from 'react';
import { PageGuard } from '../view/page-guard.js';

/** By the name of a section: whether somebody opened or closed it last. */
const Left = createContext<Map<string, boolean>>(new Map());

/** Forms in here keep their sections as one left them, whichever task is chosen. Where one breaks, all around it stays, undo among it; another is tried anew. */
export function Sections({ children }: { children: ReactNode }) {
  const [left] = useState(() => new Map<string, boolean>());
  return (
    <Left value={left}>
      <PageGuard at={children}>{children}</PageGuard>
    </Left>
  );
}

interface SectionProps {
  /** What it is of all forms. */
  readonly name: string;
  readonly title: ReactNode;
  /** Whether it is open before somebody opened or closed one of its name. Once it was, it stays so: what is emptied has the focus. */
  readonly open: boolean;
  readonly children: ReactNode;
}

/** A part of a form that can be closed. */
export function Section({ name, title, open, children }: SectionProps) {
  const all = useContext(Left);
  const [chosen, choose] = useState(all.get(name));
  const [wasOpen, keep] = useState(open);
  if (open && !wasOpen) keep(true);
  const isOpen = chosen ?? (open || wasOpen);
  // What nobody has looked at is not drawn; what is half typed stays when it is closed.
  const [isDrawn, draw] = useState(isOpen);
  if (isOpen && !isDrawn) draw(true);
  return (
    <details
      open={isOpen}
      onToggle={({ currentTarget }) => {
        // As it opens by what was written, too.
        if (currentTarget.open === isOpen) return;
        all.set(name, currentTarget.open);
        choose(currentTarget.open);
      }}
    >
      <summary>{title}</summary>
      {isDrawn && children}
    </details>
  );
}
