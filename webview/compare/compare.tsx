import type { View } from '../../core/protocol/webview.ts';
import type { Page } from '../inspector/page.ts';
export function Compare({ view }: { page: Page; view: Extract<View, { page: 'compare' }> }) {
  return <div>{view.title}</div>;
}
