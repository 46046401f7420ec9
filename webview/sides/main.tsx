/** Entry of the page of two attempts side by side. */
import '@vscode/codicons/dist/codicon.css';
import 'katex/dist/katex.css';
import '../ui/base.css';
import '../ui/labels.css';
import '../text/text.css';
import '../text/markdown.css';
import '../text/folds.css';
import '../text/places.css';
import '../inspector/inspector.css';
import '../compare/compare.css';
import './sides.css';
import { render } from 'preact';
import { connectHost } from '../host.ts';
import { startPage, type Page } from '../inspector/page.ts';
import { registerControls } from '../ui/controls.ts';
import { useStore } from '../ui/store.ts';
import { Sides } from './sides.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'sides' ? <Sides page={page} view={view} /> : null;
}

async function start(): Promise<void> {
  registerControls();
  const host = connectHost();
  const page = await startPage(host);
  render(<App page={page} />, document.getElementById('app')!);
}

void start();
