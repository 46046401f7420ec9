/** Entry of the overview's page. */
import '@vscode/codicons/dist/codicon.css';
import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import '../ui/labels.css';
import '../dashboard/dashboard.css';
import './overview.css';
import '../ui/forced.css';
import { SavingHost } from '../charts/save-menu.tsx';
import type { Page } from '../inspector/page.ts';
import { mountPage } from '../ui/mount.ts';
import { useStore } from '../ui/store.ts';
import { Overview } from './overview.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'overview' ? <Overview key={view.run} page={page} view={view} /> : null;
}

void mountPage((page) => (
  <SavingHost.Provider value={page.host}>
    <App page={page} />
  </SavingHost.Provider>
));
