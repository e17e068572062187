import { useMutation, useQuery } from '@tanstack/react-query';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { Alert, Tabs } from 'antd';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { CreateChainRequest } from '#client';
import { api } from '../api.js';
import type { Places } from '../chain/node-size.js';
import { useTaskTypes } from '../task-types.js';
import { Failed } from '../view/failed.js';
import { BESIDE_CONTROLS } from '../view/fit-again.js';
import { shownText } from '../view/name.js';
import { Title } from '../view/title.js';
import { Canvas } from './canvas.js';
import { ChainPanel } from './chain-panel.js';
import { useCheck } from './check.js';
import { EdgePanel } from './dependency-fields.js';
import { edgesOf, EMPTY, NoChain, type Draft, type DraftEdge, type DraftTask } from './draft.js';
import { drawEdge, takeOut } from './branch.js';
import { disconnect, removeTasks } from './edits.js';
import { useHistory, type Origin } from './history.js';
import { Elsewhere } from './elsewhere.js';
import { canOpen, type Path } from './inner-chain.js';
import { readKept, useKept } from './kept-draft.js';
import { Palette } from './palette.js';
import { placed, withCopies, withTask, type Drawn } from './places.js';
import { SaveModal } from './save-modal.js';
import { Sections } from './section.js';
import { Trail } from './trail.js';
import { TaskPanel } from './task-panel.js';
import { readText, TextPanel } from './text-panel.js';
import { Toolbar, type Command } from './toolbar.js';
import { OriginLine, useOpened } from './origin.js';
import { useInner } from './use-inner.js';
import { useKeys } from './use-keys.js';
import { useSelection } from './use-selection.js';
import { useStable } from './use-stable.js';
import { Verdict } from './verdict.js';

/** Makes a chain: by drawing, by forms, as text. */
export default function DesignerPage({ actor }: { actor: string }) {
  return (
    <ReactFlowProvider>
      <Designer key={actor} actor={actor} />
    </ReactFlowProvider>
  );
}

function Designer({ actor }: { actor: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const flow = useReactFlow();
  const first = useMemo(() => readKept(actor), [actor]);
  const { now, change, undo, redo, canUndo, canRedo } = useHistory(first.own);
  const { draft, path, key, places, ways, put, rename, open: enter, arrange, leave } = useInner(now, change);
  const { other, chosen } = useKept(actor, now, first);
  const { selected, lines, select, selectTasks, selectLines, chooseLine, only, line } = useSelection(draft);
  const clipboard = useRef<readonly DraftTask[]>([]);
  const [hasCopy, setHasCopy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const [openings, opens] = useState(0);
  const [tab, showTab] = useState('form');
  const [asked, ask] = useState(false);
  const area = useRef<HTMLDivElement>(null);
  const types = useTaskTypes();
  const datasets = useQuery({
    queryKey: ['datasets'],
    queryFn: ({ signal }) => api.listDatasets({ signal }),
    staleTime: 60_000,
  });
  const check = useCheck(now.draft, path);
  const run = useMutation({
    mutationFn: () => api.createChain({ body: { ...now.draft, execute: true } as unknown as CreateChainRequest }),
    onSuccess: ({ chain_id: id }) => void navigate(`/chains/${id}`),
  });

  const edit = useStable((how: (draft: Draft) => Draft, field?: string) => {
    // Typing on in one field is one step; what a button changes is one of its own.
    const at = document.activeElement?.closest('input:not([type="radio"]), textarea');
    put((drawn) => ({ ...drawn, draft: how(drawn.draft) }), at && field ? `${field} ${at.id}` : undefined);
  });
  const fit = (then?: () => void) =>
    requestAnimationFrame(
      () => void flow.fitView({ maxZoom: 1, padding: BESIDE_CONTROLS }).then(() => then && requestAnimationFrame(then)),
    );
  const take = useStable((next: Draft, origin?: Origin) => {
    setWrong(undefined);
    select(new Set());
    arrange(next, (laid) => {
      change(() => ({ draft: next, places: laid, origin }));
      leave();
      fit();
    });
  });
  const open = (next: Path, chosen?: string) =>
    enter(next, () => {
      select(new Set(chosen === undefined ? [] : [chosen]));
      opens((times) => times + 1);
      // Outermost there is no trail to have the focus: the task that led in has it.
      fit(next.length === 0 ? () => nodeOf(area.current, chosen)?.focus({ preventScroll: true }) : undefined);
    });
  /** Says why where a chain takes no more. */
  const grow = (how: (drawn: Drawn) => readonly [next: Drawn, chosen: readonly string[]]) => {
    try {
      const [next, ids] = how({ draft, places });
      put(() => next);
      select(new Set(ids));
      setWrong(undefined);
    } catch (error) {
      if (!(error instanceof NoChain)) throw error;
      setWrong(t(`designer.noChain.${error.why}`));
    }
  };
  const add = useStable((type: string, at?: { x: number; y: number }) => {
    grow((drawn) => withTask(drawn, type, at === undefined ? [...selected] : [], at));
    if (at === undefined) fit();
  });
  const remove = useStable((ids: readonly string[], edges: readonly DraftEdge[]) => {
    edit((before) =>
      edges.reduce(
        (left, { from, to, isArm }) => (isArm ? takeOut : disconnect)(left, from, to),
        removeTasks(before, new Set(ids)),
      ),
    );
    select(new Set());
  });
  const draw = useStable((from: string, to: string) => {
    const next = drawEdge(draft, from, to);
    edit(() => next);
    const branches = draft.tasks.some(({ task_id, branch }) => task_id === from && branch !== undefined);
    const drawn = edgesOf(next).find((each) => each.from === from && each.to === to);
    // Its form says in which arm it is.
    if (branches && drawn !== undefined) chooseLine(drawn);
  });
  const opened = useOpened(take);
  const save = useStable(() => ask(true));
  const can = useMemo(
    () => ({ undo: canUndo, redo: canRedo, copy: selected.size > 0, paste: hasCopy }),
    [canUndo, canRedo, selected, hasCopy],
  );
  const act = useStable((command: Command) => {
    if (command === 'undo') return undo();
    if (command === 'redo') return redo();
    if (command === 'arrange') {
      return arrange(draft, (laid) => {
        put((drawn) => ({ ...drawn, places: { ...drawn.places, ...laid } }));
        fit();
      });
    }
    if (command === 'clear') {
      return path.length === 0 ? take(EMPTY) : remove([...draft.tasks.map(({ task_id }) => task_id)], []);
    }
    if (command === 'copy') {
      clipboard.current = draft.tasks.filter(({ task_id }) => selected.has(task_id));
      return setHasCopy(clipboard.current.length > 0);
    }
    grow((drawn) => withCopies(drawn, clipboard.current));
  });
  const read = useStable((file: File) => {
    void file.text().then((text) => {
      try {
        take(readText(text));
      } catch (error) {
        const why = error instanceof NoChain ? t(`designer.noChain.${error.why}`) : String(error);
        setWrong(t('designer.notRead', { file: shownText(file.name, 60), why: shownText(why, 300) }));
      }
    });
  });
  useKeys(area, (command) => {
    if (command === 'all') return select(new Set(draft.tasks.map(({ task_id }) => task_id)));
    if (selected.size === 0 && (command === 'copy' || command === 'cut')) return;
    if (clipboard.current.length === 0 && command === 'paste') return;
    if (command === 'cut') {
      act('copy');
      return remove([...selected], []);
    }
    act(command);
  });

  const choose = useStable((task: string) => select(new Set([task])));
  const renamed = useStable((to: string) => {
    const isFree = only !== undefined && rename(only.task_id, to);
    if (isFree) select(new Set([to]));
    return isFree;
  });
  const removeIt = useStable(() => only && remove([only.task_id], []));
  const openIt = useStable((chosen?: string) => only && open([...path, only.task_id], chosen));
  const openInner = useStable((id: string) => open([...path, id]));
  const moved = useStable((next: Places, move: string) => put((drawn) => ({ ...drawn, places: next }), `move ${move}`));
  const replace = useStable((next: Draft) =>
    change((sheet) => ({ ...sheet, draft: next, places: { ...sheet.places, ...placed(sheet) } }), 'text'),
  );
  const form =
    line !== undefined ? (
      <EdgePanel
        // What becomes an arm in its form is the same edge: the field keeps the focus.
        key={JSON.stringify([key, line.from, line.to])}
        {...line}
        draft={draft}
        faults={check.faults}
        change={edit}
        open={choose}
        became={chooseLine}
      />
    ) : only === undefined ? (
      <ChainPanel
        // What is half typed is of one chain.
        key={key}
        draft={draft}
        isInner={path.length > 0}
        datasets={datasets.data?.items ?? NONE}
        faults={check.faults}
        change={edit}
      />
    ) : (
      <TaskPanel
        // What is half typed is of one task.
        key={`${key} ${draft.tasks.indexOf(only)}`}
        draft={draft}
        task={only}
        type={types.data?.find((each) => each.task_type === only.task_type)}
        datasets={datasets.data?.items ?? NONE}
        faults={check.faults}
        change={edit}
        rename={renamed}
        remove={removeIt}
        open={canOpen(only, path) ? openIt : undefined}
      />
    );
  return (
    <div ref={area}>
      <Title text={t('pages./designer')} />
      {other !== undefined && (
        <Elsewhere
          take={() => {
            change(() => other);
            chosen();
          }}
          keep={chosen}
        />
      )}
      {wrong !== undefined && (
        <Alert
          type="error"
          showIcon
          title={wrong}
          closable={{ onClose: () => setWrong(undefined), 'aria-label': t('actions.close') }}
        />
      )}
      {types.isError && <Failed error={types.error} retry={() => void types.refetch()} />}
      {opened !== undefined && <Failed error={opened} />}
      {run.isError && <Failed error={run.error} />}
      <Toolbar
        draft={now.draft}
        running={run.isPending}
        can={can}
        act={act}
        take={take}
        read={read}
        run={run.mutate}
        save={save}
      />
      {now.origin && <OriginLine of={now.origin} />}
      <Verdict of={check} show={choose} />
      <Trail draft={now.draft} path={path} opened={openings} open={(to) => open(path.slice(0, to), path[to])} />
      <div className="designer">
        <Palette types={types.data ?? NONE} add={add} />
        <Canvas
          key={key}
          path={path}
          draft={draft}
          {...{ places, ways }}
          selected={selected}
          faults={check.byTask}
          select={selectTasks}
          lines={lines}
          selectLines={selectLines}
          moved={moved}
          open={openInner}
          connect={draw}
          remove={remove}
          drop={add}
        />
        <Tabs
          // Keys of the canvas are not for what has the focus in here.
          className="panel nokey"
          activeKey={tab}
          onChange={showTab}
          items={[
            { key: 'form', label: t('designer.form'), children: <Sections>{form}</Sections> },
            {
              key: 'text',
              label: t('designer.text'),
              children: <TextPanel draft={now.draft} replace={replace} isShown={tab === 'text'} />,
            },
          ]}
        />
      </div>
      {asked && (
        <SaveModal
          draft={now.draft}
          origin={now.origin}
          close={() => ask(false)}
          saved={(origin) => change((sheet) => ({ ...sheet, origin }), 'saved')}
        />
      )}
    </div>
  );
}

const NONE: readonly never[] = [];

/** A task as it is drawn. */
const nodeOf = (area: HTMLElement | null, id = '') =>
  area?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
