import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { kept } from './kept.js';
import { en } from './words/en.js';
import { zh } from './words/zh.js';

export type Language = 'en' | 'zh';

const wanted = kept.read('language') ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

void i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, zh: { translation: zh } },
  lng: wanted,
  fallbackLng: 'en',
  // React escapes.
  interpolation: { escapeValue: false },
});

const tell = (language: string) => (document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en');
tell(i18next.language);
i18next.on('languageChanged', (language) => {
  kept.write('language', language);
  tell(language);
});
