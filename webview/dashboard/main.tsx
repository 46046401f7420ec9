/** Entry of the dashboard's page. */
import '@vscode/codicons/dist/codicon.css';
import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import '../ui/labels.css';
import './dashboard.css';
import '../ui/forced.css';
import { SavingHost } from '../charts/save-menu.tsx';
import type { Page } from '../inspector/page.ts';
import { mountPage } from '../ui/mount.ts';
import { useStore } from '../ui/store.ts';
import { Dashboard } from './dashboard.tsx';

function App({ page }: { page: Page }) {
  const { view, backend } = useStore(page);
  return view.page === 'dashboard' ? (
    <Dashboard key={view.run} host={page.host} run={view.run} backend={backend} />
  ) : null;
}

void mountPage((page) => (
  <SavingHost.Provider value={page.host}>
    <App page={page} />
  </SavingHost.Provider>
));
