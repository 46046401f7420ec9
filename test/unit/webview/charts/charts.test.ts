import assert from 'node:assert/strict';
import { csvOf } from '../../../../webview/charts/csv.ts';
import { drawChart, sizeOf } from '../../../../webview/charts/draw.ts';
import { octaves, ticks } from '../../../../webview/charts/frame.ts';
import type { BarsModel, CellsModel, ChartModel, LinesModel } from '../../../../webview/charts/model.ts';
import { paper } from '../../../../webview/charts/palette.ts';
import { SvgPen } from '../../../../webview/charts/pen.ts';
import { bucketLabels, bucketOf } from '../../../../core/metrics/difficulty.ts';
import { parseQuery } from '../../../../core/query/parse.ts';
import { budgetGrid } from '../../../../core/metrics/budget-curve.ts';
import {
  brushOf,
  inside,
  nearest,
  pointsModel,
  pointsOf,
  queryOf,
  scaleOf,
} from '../../../../webview/overview/scatter-model.ts';

const lines: LinesModel = {
  ...{ kind: 'lines', title: 'Accuracy', unit: '%', xName: 'step', x: [0, 10, 20] },
  lines: [
    { name: 'all', color: '--lh-right', values: [0.1, null, 0.3], low: [0.05, null, 0.2], high: [0.2, null, 0.4] },
    { name: '=HYPERLINK("x")', color: '--lh-wrong', values: [0.3, 0.2, 0.1] },
  ],
  format: (value) => value.toFixed(1),
  notes: ['95 % bootstrap over problems.'],
};
const bars: BarsModel = {
  ...{ kind: 'bars', style: 'grouped', title: 'Bars', xName: 'of', yName: 'n' },
  categories: ['a', 'b, "c"'],
  series: [{ name: 'one', color: '--lh-grey', values: [1, null] }],
};
const cells: CellsModel = {
  ...{ kind: 'cells', title: 'Cells', rowName: 'problem', columns: ['base', 'e1'] },
  rows: Array.from({ length: 250 }, (_, i) => ({ label: `p${i}`, cells: [[1, 4], null] })),
};

function svg(model: ChartModel): string {
  const { width, height } = sizeOf(model);
  const pen = new SvgPen(width, height, model.title);
  drawChart(model, pen, paper);
  return pen.done(paper.background);
}

describe('charts as files', () => {
  it('are tables with units, intervals and every value as it is', () => {
    assert.equal(
      csvOf(lines),
      [
        'step,all (%),all (%) 95 % low,all (%) 95 % high,"\'=HYPERLINK(""x"") (%)"',
        '0,0.1,0.05,0.2,0.3',
        '10,,,,0.2',
        '20,0.3,0.2,0.4,0.1',
        '',
      ].join('\r\n'),
    );
    assert.equal(csvOf(bars), 'of,one (n)\r\na,1\r\n"b, ""c""",\r\n');
    assert.match(csvOf(cells), /^problem,base \(right\),base \(judged\),e1 \(right\),e1 \(judged\)\r\np0,1,4,,\r\n/);
    assert.equal(csvOf(cells).trim().split('\r\n').length, 251);
  });

  it('are drawings with title, axes, names, bands and notes, and nothing that XML cannot hold', () => {
    const text = svg({ ...lines, title: 'A <b> & \u0007 \ud800 title' });
    assert.match(text, /A &#60;b&#62; &#38; {2}\ufffd title/);
    assert.ok(!text.includes('\u0007'));
    for (const word of ['>step<', '>all<', '>95 % bootstrap over problems.<']) assert.ok(text.includes(word), word);
    assert.match(text, /fill-opacity="0.16"/);
    // What has no value is no place of the line.
    assert.equal(/NaN|undefined|Infinity/.test(text), false);
  });

  it('say how many rows a drawing leaves out', () => {
    const text = svg(cells);
    assert.match(text, /The first 200 of 250 rows; the CSV has all of them\./);
    assert.ok(text.includes('>p199<') && !text.includes('>p200<'));
  });

  it('draw nothing wrong of nothing', () => {
    const models: ChartModel[] = [
      { ...lines, x: [], lines: [] },
      { ...bars, categories: [], series: [] },
      {
        ...bars,
        style: 'signed',
        series: [{ name: 'x', color: '--lh-grey', values: [0, -1], low: [-1, -2], high: [1, 0] }],
      },
      { ...bars, style: 'stacked' },
      { ...bars, style: 'histogram' },
      { ...cells, rows: [] },
      { kind: 'flows', title: 'Flows', flows: [{ from: 'a', to: 'b', n: 3 }], colors: new Map() },
    ];
    for (const model of models) assert.equal(/NaN|undefined|Infinity/.test(svg(model)), false, model.kind);
  });

  it('have round ticks, and octaves of a thousand tokens', () => {
    assert.deepEqual(ticks(0, 1, 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    assert.deepEqual(ticks(-0.3, 0.3, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
    assert.deepEqual(octaves(200, 9000), [250, 500, 1000, 2000, 4000, 8000]);
  });
});

describe('points of length and reward', () => {
  const scatter = {
    ...{ total: 4, leftOut: 0, unknownLength: 0, unrewarded: 0, tokensExact: true, steps: [1, 1, 2, 2] },
    ...{ tokens: [100, 1000, 4000, 100], rewards: [0, 0.5, 1, 1], verdicts: 'wr-u', cut: '0010' },
    ...{ attempts: [{ stage: 'grpo', attempt: 1, from: 0 }], numbers: [0, 1, 2, 3] },
  };
  const area = { width: 600, height: 300, left: 50, right: 590, top: 10, bottom: 270 };

  it('lie where they can be pointed at, and within a rectangle of their own ends', () => {
    const points = pointsOf(scatter);
    const scale = scaleOf(points, area);
    for (let i = 0; i < 4; i += 1)
      assert.equal(nearest(points, scale, scale.atX(points.x[i]!) + 3, scale.atY(points.y[i]!) - 3), i);
    assert.equal(nearest(points, scale, scale.atX(700), scale.atY(0.8)), -1);
    const brush = brushOf(scale, points, [scale.atX(900), scale.atY(0.4)], [scale.atX(4100), scale.atY(1.01)]);
    assert.equal(inside(points, brush), 2);
    assert.match(queryOf(brush, true), /^tokens:9\d\d\.\.4\d{3} reward:0\.4\.\.1\.0\d*$/);
    const model = pointsModel(points, 'Length and reward', []);
    assert.equal(
      csvOf(model),
      'tokens,reward,group\r\n100,0,wrong\r\n1000,0.5,right\r\n4000,1,"not judged, cut"\r\n100,1,undecided\r\n',
    );
    assert.equal(/NaN|undefined/.test(svg(model)), false);
  });

  it('lie in lanes by verdict where none has a reward', () => {
    const points = pointsOf({ ...scatter, rewards: null });
    const lane = inside(points, { tokens: [0, 1e9], y: [4, 4] });
    assert.equal(lane, 1);
    assert.deepEqual(points.counts, [1, 0, 1, 1, 1]);
    const asked = (from: number, to: number) => queryOf({ tokens: [1, 9], y: [from, to] }, false);
    assert.equal(asked(3, 4), 'tokens:1..9 verdict:wrong,right');
    assert.equal(asked(0, 4), 'tokens:1..9');
    // What is not judged has no verdict that could be asked for.
    assert.equal(asked(0, 0), 'tokens:1..9 -verdict:none,undecided,wrong,right');
    assert.equal(asked(0, 3), 'tokens:1..9 -verdict:right');
  });

  it('are chosen as finely as rewards differ', () => {
    const points = pointsOf({ ...scatter, rewards: [0, 0.000_02, 0.000_04, 0.000_06] });
    const scale = scaleOf(points, area);
    const brush = brushOf(scale, points, [scale.atX(50), scale.atY(0.000_01)], [scale.atX(9000), scale.atY(0.000_05)]);
    assert.equal(inside(points, brush), 2);
    assert.deepEqual(parseQuery(queryOf(brush, true)).errors, []);
  });
});

describe('buckets and budgets', () => {
  it('keep what is always or never right apart, and eighths without their lower ends', () => {
    assert.equal(bucketLabels.length, 10);
    assert.deepEqual(
      [
        [0, 4],
        [1, 16],
        [1, 8],
        [2, 8],
        [3, 4],
        [15, 16],
        [4, 4],
      ].map(([right, n]) => bucketOf(right!, n!)),
      [0, 1, 1, 2, 6, 8, 9],
    );
  });

  it('go by half octaves of a thousand tokens over the lengths', () => {
    assert.deepEqual(budgetGrid([260, 1900]), [250, 354, 500, 707, 1000, 1414, 2000]);
    assert.deepEqual(budgetGrid([]), []);
    const wide = budgetGrid([1, 100_000]);
    assert.ok(wide.length <= 24 && wide.at(-1)! >= 100_000);
  });
});
