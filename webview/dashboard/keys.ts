/** The keys of the dashboard, for its sheet. Pure. */
import { chartKeyLines, menuKeyLines, pageKeyLines } from '../ui/chart-keys.ts';

export const dashboardKeyLines = [...pageKeyLines, ...chartKeyLines, ...menuKeyLines];
