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
import '../inspector/reading.css';
import '../compare/compare.css';
import './sides.css';
import '../ui/forced.css';
import type { Page } from '../inspector/page.ts';
import { mountPage } from '../ui/mount.ts';
import { useStore } from '../ui/store.ts';
import { Sides } from './sides.tsx';

function App({ page }: { page: Page }) {
  const { view } = useStore(page);
  return view.page === 'sides' ? <Sides page={page} view={view} /> : null;
}

void mountPage((page) => <App page={page} />);
