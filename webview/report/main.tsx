/** Entry of the report's page. */
import '@vscode/codicons/dist/codicon.css';
import 'katex/dist/katex.css';
import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import '../ui/labels.css';
import '../text/text.css';
import '../text/markdown.css';
import '../text/folds.css';
import '../inspector/inspector.css';
import '../compare/compare.css';
import '../dashboard/dashboard.css';
import './report.css';
import './why.css';
import { render } from 'preact';
import { SavingHost } from '../charts/save-menu.tsx';
import { connectHost } from '../host.ts';
import { startPage, type Page } from '../inspector/page.ts';
import { registerControls } from '../ui/controls.ts';
import { useStore } from '../ui/store.ts';
import { StageReport } from './report.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'report' ? <StageReport key={`${view.run}/${view.stage}`} page={page} view={view} /> : null;
}

async function start(): Promise<void> {
  registerControls();
  const host = connectHost();
  const page = await startPage(host);
  render(
    <SavingHost.Provider value={host}>
      <App page={page} />
    </SavingHost.Provider>,
    document.getElementById('app')!,
  );
}

void start();
