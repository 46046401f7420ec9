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
import '../ui/forced.css';
import { SavingHost } from '../charts/save-menu.tsx';
import type { Page } from '../inspector/page.ts';
import { mountPage } from '../ui/mount.ts';
import { useStore } from '../ui/store.ts';
import { StageReport } from './report.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'report' ? <StageReport key={`${view.run}/${view.stage}`} page={page} view={view} /> : null;
}

void mountPage((page) => (
  <SavingHost.Provider value={page.host}>
    <App page={page} />
  </SavingHost.Provider>
));
