import './styles/tokens.css';
import './styles/base.css';
import './styles/chat.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

// A part of the page that is not there any more is of a build that another has replaced: what was written is kept. Firefox says
// the same of a part that was on its way when somebody leaves, whom a reload would bring back.
let isLeaving = false;
window.addEventListener('beforeunload', () => {
  isLeaving = true;
});
window.addEventListener('vite:preloadError', () => {
  if (!isLeaving) location.reload();
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').catch(() => {}); // without it there is no offline shell, and nothing else
}
