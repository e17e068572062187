/** A part of the first load by itself: see main.tsx. */
export { QueryClientProvider } from '@tanstack/react-query';
export { createRoot } from 'react-dom/client';
export { useTranslation } from 'react-i18next';
export { BrowserRouter } from 'react-router';
