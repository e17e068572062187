import { Input } from 'antd';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskTypeDto } from '#client';
import { DRAGGED } from './canvas.js';

interface PaletteProps {
  readonly types: readonly TaskTypeDto[];
  readonly add: (type: string) => void;
}

/** What tasks there are: dragged onto the canvas, or added behind the chosen tasks. */
export const Palette = memo(function Palette({ types, add }: PaletteProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const wanted = text.toLowerCase();
  const shown = types.filter((each) => `${each.task_type} ${each.title}`.toLowerCase().includes(wanted));
  return (
    <section className="palette nokey" aria-label={t('designer.palette')}>
      <Input
        allowClear
        aria-label={t('types.find')}
        placeholder={t('types.find')}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onPressEnter={() => shown[0] && add(shown[0].task_type)}
      />
      <p className="help">{t('designer.add')}</p>
      <ul>
        {shown.map(({ task_type: type, title, description }) => (
          <li key={type}>
            <button
              type="button"
              draggable
              title={description}
              onClick={() => add(type)}
              onDragStart={({ dataTransfer }) => {
                dataTransfer.setData(DRAGGED, type);
                dataTransfer.effectAllowed = 'copy';
              }}
            >
              {title}
              <span className="dim">{type}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p>{t('types.none')}</p>}
    </section>
  );
});
