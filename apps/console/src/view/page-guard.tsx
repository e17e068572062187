import { Alert, Button } from 'antd';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from './name.js';

interface GuardProps {
  /** The address of the page, or what a part of it shows: with another one it is tried anew. */
  readonly at: unknown;
  readonly children: ReactNode;
}

/** Keeps what a page, or a part of one, throws to itself: the others can still be opened. React knows such guards as classes alone. */
export class PageGuard extends Component<GuardProps, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: undefined };

  static getDerivedStateFromError = (error: unknown) => ({ error: error ?? true });

  override componentDidUpdate({ at }: GuardProps) {
    if (at !== this.props.at && this.state.error !== undefined) this.setState({ error: undefined });
  }

  override render() {
    return this.state.error === undefined ? this.props.children : <Broken error={this.state.error} />;
  }
}

function Broken({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <Alert
      type="error"
      showIcon
      title={t('shell.broken')}
      description={
        <>
          <p>
            <bdi>{shownText(error instanceof Error ? error.message : String(error), 400)}</bdi>
          </p>
          <p>{t('shell.brokenAbout')}</p>
        </>
      }
      action={<Button onClick={() => location.reload()}>{t('shell.reload')}</Button>}
    />
  );
}
