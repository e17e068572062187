import { Button, Progress, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ChainSummaryDto } from '#client';
import { Fact } from '../view/fact.js';
import { Name } from '../view/name.js';
import { duration, Time, useNow } from '../view/times.js';

/** How far a chain is, what it was made of and for, and which chains belong to it. */
export function ChainFacts({ of, open }: { of: ChainSummaryDto; open: (task: string) => void }) {
  const { t } = useTranslation();
  const now = useNow(of.status === 'RUNNING');
  const end = of.completed_at === null ? now : Date.parse(of.completed_at);
  return (
    <div className="summary">
      <Progress
        aria-label={t('chains.progress')}
        percent={Math.round(of.progress)}
        status={of.status === 'FAILURE' ? 'exception' : of.status === 'SUCCESS' ? 'success' : 'normal'}
        format={() => `${of.completed_tasks}/${of.total_tasks}`}
        className="bar"
      />
      <dl className="facts row">
        <Fact name={t('chains.type')}>{t(`chainType.${of.chain_type}`)}</Fact>
        <Fact name={t('chains.owner')}>
          <Name text={of.created_by ?? '–'} />
        </Fact>
        <Fact name={t('chains.started')}>
          <Time at={of.started_at} />
        </Fact>
        <Fact name={t('chains.took')}>{of.started_at === null ? '–' : duration(end - Date.parse(of.started_at))}</Fact>
        {of.template_id !== null && <Made of={of} />}
        {(['compensates', 'compensated_by', 'parent_chain_id'] as const).map((field) => (
          <OtherChain
            key={field}
            name={t(`chain.${field}`)}
            chainId={of[field]}
            task={field === 'parent_chain_id' ? of.parent_task_id : null}
          />
        ))}
        {of.scheduled_at !== null && (
          <Fact name={t('chain.scheduled')}>
            <Time at={of.scheduled_at} />
          </Fact>
        )}
        {of.deadline_at !== null && of.completed_at === null && (
          <Fact name={t('chain.deadline')}>
            <Time at={of.deadline_at} ahead />
          </Fact>
        )}
        {of.ended_by !== null && (
          <Fact name={t('chain.endedBy')}>
            <Button type="link" size="small" onClick={() => open(of.ended_by!)}>
              <Name text={of.ended_by} />
            </Button>
          </Fact>
        )}
        <Fact name={t('chain.run')}>{of.epoch}</Fact>
        <Fact name={t('chain.id')}>
          <code className="wrap">{of.chain_id}</code>
        </Fact>
      </dl>
      {of.description !== null && (
        <p>
          <Name text={of.description} />
        </p>
      )}
      {Object.entries(of.labels).map(([key, value]) => (
        <Tag key={key}>
          <Name text={`${key}=${String(value)}`} />
        </Tag>
      ))}
    </div>
  );
}

interface OtherProps {
  readonly name: string;
  readonly chainId: string | null;
  /** The one that runs this chain. */
  readonly task: string | null;
}

/** A chain that belongs to this one: it undoes it, is undone by it, or runs it. */
function OtherChain({ name, chainId, task }: OtherProps) {
  if (chainId === null) return null;
  const at = task === null ? '' : `?task=${encodeURIComponent(task)}`;
  return (
    <Fact name={name}>
      <Link to={`/chains/${encodeURIComponent(chainId)}${at}`}>
        <code className="wrap">{chainId}</code>
      </Link>
    </Fact>
  );
}

/** The template that a chain was made of, and how it differs from it. */
function Made({ of: { chain_id, template_id, template_version } }: { of: ChainSummaryDto }) {
  const { t } = useTranslation();
  const address = `/templates/${encodeURIComponent(template_id!)}`;
  return (
    <Fact name={t('chain.template')}>
      <Link to={`${address}?version=${template_version}`}>
        {template_id}, {t('templates.version', { number: template_version })}
      </Link>{' '}
      (<Link to={`${address}?view=compare&chain=${encodeURIComponent(chain_id)}`}>{t('chain.templateDiff')}</Link>)
    </Fact>
  );
}
