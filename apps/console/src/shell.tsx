import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Layout, Skeleton, Space, Tooltip } from 'antd';
import { lazy, Suspense, useDeferredValue, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, NavLink, Route, Routes, useLocation } from 'react-router';
import { api, forgetAnswers, isSignedOut, wordsOfError } from './api.js';
import { DataPage } from './data/data-page.js';
import { ApprovalsPage } from './pages/approvals.js';
import { ChainsPage } from './pages/chains.js';
import { OverviewPage } from './pages/overview.js';
import { SignInPage } from './pages/sign-in.js';
import { TaskTypesPage } from './pages/task-types.js';
import { WorkersPage } from './pages/workers.js';
import { TemplatesPage } from './templates/templates-page.js';
import type { Look } from './theme.js';
import { Failed } from './view/failed.js';
import { Name } from './view/name.js';
import { PageGuard } from './view/page-guard.js';

/** The graph and its layout come when a chain is opened. */
const ChainPage = lazy(() => import('./chain/chain-page.js'));
/** So does the designer, which is the largest page. */
const DesignerPage = lazy(() => import('./designer/designer-page.js'));
const DatasetPage = lazy(() => import('./data/dataset-page.js'));
const SettingsPage = lazy(() => import('./settings/settings-page.js'));
const SchedulesPage = lazy(() => import('./schedules/schedules-page.js'));
const SchedulePage = lazy(() => import('./schedules/schedule-page.js'));
const TemplatePage = lazy(() => import('./templates/template-page.js'));
const PAGES = [
  ...[
    '/',
    '/chains',
    '/designer',
    '/templates',
    '/schedules',
    '/approvals',
    '/data',
    '/workers',
    '/task-types',
    '/settings',
  ],
] as const;

/** The token of a one-time link, which the address loses before anything else can read it there. */
const LINK = /^#once=([\w-]{43})$/;
let once = LINK.exec(location.hash)?.[1];
/** Why the sign-in at the provider that leads here did not come about. */
let providerFailed = /^#sign-in=([a-z-]{1,20})$/.exec(location.hash)?.[1];
if (once !== undefined || providerFailed !== undefined)
  history.replaceState(history.state, '', location.pathname + location.search);
addEventListener('hashchange', () => {
  if (LINK.test(location.hash)) location.reload();
});

/** Who is signed in; null: nobody. */
const readSession = () => (once === undefined ? ownSession() : sessionByLink(once));

async function sessionByLink(token: string) {
  once = undefined;
  try {
    return await api.createSession({ headers: { Authorization: `Link ${token}` } });
  } catch (error) {
    const own = await ownSession();
    if (own === null) linkFailed = error;
    return own;
  }
}
/** Why the link of this page did not sign in. */
let linkFailed: unknown;

const ownSession = () =>
  api.getSession().catch((error: unknown) => {
    if (isSignedOut(error)) return null;
    throw error;
  });

export function Shell({ look }: { look: Look }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const session = useQuery({ queryKey: ['session'], queryFn: readSession, staleTime: Infinity });
  // The whole page is drawn for it, piece by piece: what a query answers is else drawn at once.
  const who = useDeferredValue(session.data);
  const isSignedIn = who !== undefined && who !== null;
  // What went wrong before says nothing of the next time.
  useEffect(() => {
    if (isSignedIn) linkFailed = providerFailed = undefined;
  }, [isSignedIn]);
  if (session.isError) {
    return (
      <main className="page">
        <Failed error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  }
  if (who === undefined) return <Skeleton active title={false} className="page" />;
  return (
    <Layout className="whole">
      <Layout.Header className="head">
        <a className="skip" href="#content">
          {t('shell.skip')}
        </a>
        <Link to="/" className="brand">
          Task Chain
        </Link>
        {who !== null && <Pages />}
        <Corner look={look} actor={who?.actor} role={who?.role} />
      </Layout.Header>
      <main className="page" id="content" tabIndex={-1}>
        {who === null ? (
          <SignInPage before={linkFailed} failure={providerFailed} />
        ) : (
          <PageGuard at={pathname}>
            <Content look={look} actor={who.actor} role={who.role} />
          </PageGuard>
        )}
      </main>
    </Layout>
  );
}

function Content({ look, actor, role }: { look: Look; actor: string; role: string }) {
  const { t } = useTranslation();
  return (
    <Suspense fallback={<Skeleton active title={false} />}>
      <Routes>
        <Route path="/" element={<OverviewPage />} />
        <Route path="/chains" element={<ChainsPage actor={actor} />} />
        <Route path="/chains/:chainId" element={<ChainPage />} />
        <Route path="/designer" element={<DesignerPage actor={actor} />} />
        <Route path="/templates" element={<TemplatesPage />} />
        <Route path="/templates/:templateId" element={<TemplatePage />} />
        <Route path="/schedules" element={<SchedulesPage />} />
        <Route path="/schedules/:scheduleId" element={<SchedulePage />} />
        <Route path="/approvals" element={<ApprovalsPage />} />
        <Route path="/data" element={<DataPage />} />
        <Route path="/data/:party/:name" element={<DatasetPage />} />
        <Route path="/workers" element={<WorkersPage />} />
        <Route path="/task-types" element={<TaskTypesPage />} />
        <Route path="/settings" element={<SettingsPage look={look} role={role} />} />
        <Route path="/sign-in" element={<Navigate to="/" replace />} />
        <Route path="*" element={<p>{t('shell.nothing')}</p>} />
      </Routes>
    </Suspense>
  );
}

function Pages() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // In a narrow window they are one line that scrolls.
  useEffect(() => {
    const show = () => nav.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    show();
    addEventListener('resize', show);
    return () => removeEventListener('resize', show);
  }, [pathname]);
  return (
    <nav ref={nav} aria-label={t('shell.pages')} className="pages">
      {PAGES.map((page) => (
        <NavLink key={page} to={page} end={page === '/'}>
          {t(`pages.${page}`)}
        </NavLink>
      ))}
    </nav>
  );
}

function Corner({ look, actor, role }: { look: Look; actor: string | undefined; role: string | undefined }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const other = i18n.language === 'zh' ? 'en' : 'zh';
  const signOut = async () => {
    // The provider's session ends too: else one click would sign the next person at this screen in again, without a password.
    // Asked first: without an answer the session stays, and people see that they are not signed out.
    const ways = actor?.startsWith('oidc:') === true ? await api.getSignInWays() : undefined;
    await api.deleteSession();
    client.setQueryData(['session'], null);
    forgetAnswers(client);
    if (ways?.oidc) location.assign(ways.oidc.sign_out_url);
  };
  const signingOut = useMutation({
    mutationFn: signOut,
    onError: (error) => {
      const { code } = wordsOfError(error);
      void message.error(code === undefined ? t('failed.unreachable') : t('failed.refused', { code }));
    },
  });
  return (
    <Space size={0} className="corner">
      <Button type="text" lang={other} onClick={() => void i18n.changeLanguage(other)}>
        {other === 'zh' ? '中文' : 'English'}
      </Button>
      <Button type="text" onClick={look.toggle}>
        {look.isDark ? t('shell.light') : t('shell.dark')}
      </Button>
      {actor !== undefined && (
        <Tooltip title={<Name text={`${actor} (${role ?? ''})`} />}>
          <Button type="text" onClick={() => signingOut.mutate()}>
            {t('shell.signOut')}
          </Button>
        </Tooltip>
      )}
    </Space>
  );
}
