import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider, theme } from 'antd';
import en from 'antd/locale/en_US';
import zh from 'antd/locale/zh_CN';
import { useTranslation } from 'react-i18next';
import { BrowserRouter } from 'react-router';
import { isSignedOut } from './api.js';
import { Shell } from './shell.js';
import { useTheme } from './theme.js';

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;

const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isSignedOut(error)) queries.setQueryData(['session'], null);
    },
  }),
  // The client has tried again already.
  defaultOptions: { queries: { retry: false, staleTime: 2_000 } },
});

export function App() {
  const { i18n } = useTranslation();
  const look = useTheme();
  return (
    <ConfigProvider
      csp={{ nonce }}
      // No space between the two characters of a Chinese word.
      button={{ autoInsertSpace: false }}
      tag={{ variant: 'outlined' }}
      locale={i18n.language === 'zh' ? zh : en}
      theme={{
        algorithm: look.isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: {
          colorPrimary: look.isDark ? '#4096ff' : '#0958d9',
          colorPrimaryHover: look.isDark ? '#69b1ff' : '#003eb3',
          colorSuccess: look.isDark ? '#7fd68f' : '#1c6b2a',
          colorError: look.isDark ? '#ff8f8f' : '#b3141c',
          colorLink: look.isDark ? '#69b1ff' : '#0958d9',
          colorTextSecondary: look.isDark ? '#c3c7cd' : '#494f57',
          colorTextTertiary: look.isDark ? '#b0b5bc' : '#5b616a',
          colorTextQuaternary: look.isDark ? '#a2a8b0' : '#666c75',
          colorTextPlaceholder: look.isDark ? '#a2a8b0' : '#666c75',
          colorTextDisabled: look.isDark ? '#a2a8b0' : '#666c75',
          colorTextDescription: look.isDark ? '#c3c7cd' : '#494f57',
          motionDurationSlow: '0.1s',
          // Ant Design waits for the end of each animation: without them nothing that opens would ever be in reach.
          motion: !isStill,
        },
        components: {
          Button: {
            primaryColor: look.isDark ? '#001329' : '#ffffff',
            dangerColor: look.isDark ? '#290000' : '#ffffff',
          },
          Segmented: { trackBg: look.isDark ? '#000000' : '#e3e6ea' },
          Tabs: { itemSelectedColor: look.isDark ? '#85b8ff' : '#0958d9' },
        },
      }}
    >
      <AntApp>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <Shell look={look} />
          </BrowserRouter>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}
