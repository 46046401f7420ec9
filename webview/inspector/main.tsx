/** Entry of the inspector's page: the inspector or a comparison, as the host says. */
import '@vscode/codicons/dist/codicon.css';
import 'katex/dist/katex.css';
import '../ui/base.css';
import '../ui/labels.css';
import '../text/text.css';
import '../text/markdown.css';
import '../text/folds.css';
import '../text/places.css';
import './inspector.css';
import './list.css';
import './audit.css';
import './path-facts.css';
import './reading.css';
import './edit.css';
import './second-opinion.css';
import '../compare/compare.css';
import { render } from 'preact';
import { Compare } from '../compare/compare.tsx';
import { connectHost } from '../host.ts';
import { registerControls } from '../ui/controls.ts';
import { useStore } from '../ui/store.ts';
import { Inspector } from './inspector.tsx';
import { startPage, type Page } from './page.ts';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  if (view.page === 'compare') return <Compare page={page} view={view} />;
  return view.page === 'inspector' ? <Inspector page={page} view={view} /> : null;
}

async function start(): Promise<void> {
  registerControls();
  const host = connectHost();
  const page = await startPage(host);
  render(<App page={page} />, document.getElementById('app')!);
}

void start();
