/** Entry of the dashboard's page. */
import '@vscode/codicons/dist/codicon.css';
import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import '../ui/labels.css';
import './dashboard.css';
import { render } from 'preact';
import { SavingHost } from '../charts/save-menu.tsx';
import { connectHost } from '../host.ts';
import { registerControls } from '../ui/controls.ts';
import { startPage, type Page } from '../inspector/page.ts';
import { useStore } from '../ui/store.ts';
import { Dashboard } from './dashboard.tsx';

function App({ page }: { page: Page }) {
  const { view, backend } = useStore(page);
  return view.page === 'dashboard' ? (
    <Dashboard key={view.run} host={page.host} run={view.run} backend={backend} />
  ) : null;
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
