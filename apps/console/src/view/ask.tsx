import { useMutation } from '@tanstack/react-query';
import { Modal } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failed } from './failed.js';

interface AskProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly ok: string;
  readonly danger?: boolean;
  /** Whether what was filled in can be sent. */
  readonly ready?: boolean;
  /** Rejects with what is then shown; the form stays. */
  readonly send: () => Promise<unknown>;
  readonly close: () => void;
  readonly children?: ReactNode;
}

/** A form in a dialog, which closes once the API has taken what it sends. */
export function Ask({ title, ok, danger = false, ready = true, send, close, children }: AskProps) {
  const { t } = useTranslation();
  const sending = useMutation({ mutationFn: send, onSuccess: close });
  return (
    <Modal
      // React Flow acts on Backspace wherever the focus is, but in elements of this class.
      rootClassName="nokey"
      open
      title={title}
      okText={ok}
      okButtonProps={{ danger, disabled: !ready, loading: sending.isPending }}
      cancelText={t('actions.back')}
      onOk={() => sending.mutate()}
      onCancel={close}
    >
      {children}
      {sending.isError && <Failed error={sending.error} />}
    </Modal>
  );
}
