// What a failure in the page looks like: a sentence and a way on, instead of nothing at all.
import { Component, type ReactNode } from 'react';
import { useText } from '../i18n/use-text.ts';

export class Boundary extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Failed /> : this.props.children;
  }
}

function Failed() {
  const text = useText();
  return (
    <main className="whole">
      <p role="alert">{text('app.broken')}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {text('app.reload')}
      </button>
    </main>
  );
}
