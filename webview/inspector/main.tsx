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
import '../ui/forced.css';
import { Compare } from '../compare/compare.tsx';
import { mountPage } from '../ui/mount.ts';
import { useStore } from '../ui/store.ts';
import { Inspector } from './inspector.tsx';
import type { Page } from './page.ts';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  if (view.page === 'compare') return <Compare page={page} view={view} />;
  return view.page === 'inspector' ? <Inspector page={page} view={view} /> : null;
}

void mountPage((page) => <App page={page} />);
