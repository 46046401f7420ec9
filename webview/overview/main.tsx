/** Entry of the overview's page. */
import '@vscode/codicons/dist/codicon.css';
import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import '../ui/labels.css';
import '../dashboard/dashboard.css';
import './overview.css';
import { render } from 'preact';
import { SavingHost } from '../charts/save-menu.tsx';
import { connectHost } from '../host.ts';
import { Page } from '../inspector/page.ts';
import { registerControls } from '../ui/controls.ts';
import { setLocale } from '../ui/format.ts';
import { useStore } from '../ui/store.ts';
import { Overview } from './overview.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'overview' ? <Overview key={view.run} page={page} view={view} /> : null;
}

async function start(): Promise<void> {
  registerControls();
  const host = connectHost();
  const init = await host.ask('host/ready', {});
  setLocale(init.locale);
  host.save({ view: init.view });
  render(
    <SavingHost.Provider value={host}>
      <App page={new Page(host, init)} />
    </SavingHost.Provider>,
    document.getElementById('app')!,
  );
}

void start();
