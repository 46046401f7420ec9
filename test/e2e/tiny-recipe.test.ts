/**
 * What a person does, in the real VS Code with the packaged extension and nothing mocked: run the (shortened) tiny recipe
 * from the palette, watch it, read a trace while it is written, stop, resume, lose the service, compare, open real files.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedData } from '../shared-data.ts';
import { projectRoot, Workbench } from '../support/vscode.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The preset with fewer epochs, steps and problems: the same stages, the same model. */
function shortened(): string {
  const preset = readFileSync(join(projectRoot, 'server', 'presets', 'two-stage-tiny.recipe.yaml'), 'utf8');
  const short = preset
    .replace('name: two-stage-tiny', 'name: short')
    .replace(/epochs: \d+/, 'epochs: 3')
    .replace(/test: \d+/, 'test: 24')
    .replace(/max_steps: \d+/, 'max_steps: 6')
    .replace(/save_steps: \d+/, 'save_steps: 2')
    .replace(/per_device_train_batch_size: 128/, 'per_device_train_batch_size: 32')
    .replaceAll(/samples: \d+/g, 'samples: 2');
  assert.notEqual(short, preset);
  return short;
}

/** Processes of stages of this root: runner and workers carry the attempt's folder in their command line. */
function stageProcesses(root: string): string[] {
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('longhand_engine') && line.includes(root));
}

describe('Longhand in VS Code', function () {
  this.timeout(6 * MINUTE);
  this.bail(true);

  const home = mkdtempSync(join(tmpdir(), 'longhand-demo-'));
  const root = join(home, 'root');
  const folder = join(home, 'workspace');
  const longhand = (...args: string[]) =>
    execFileSync(process.execPath, [join(projectRoot, 'dist', 'longhand.mjs'), ...args, '--root', root, '--json'], {
      encoding: 'utf8',
    });
  let vscode: Workbench;

  before(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'short.recipe.yaml'), shortened());
    writeFileSync(join(folder, 'broken.recipe.yaml'), shortened().replace('num_train_epochs', 'num_train_epoch'));
    writeFileSync(join(folder, 'rows.jsonl'), importedRows());
    const real = sharedData('traces/reasoningflow/DeepSeek-R1_aime2024_responses.jsonl');
    if (real) copyFileSync(real, join(folder, 'real.jsonl'));
    vscode = await Workbench.start({
      folder,
      settings: { 'longhand.root': root, 'longhand.engine.python': process.env.LONGHAND_PYTHON ?? '' },
    });
  });

  after(async () => {
    await vscode?.screenshot('end');
    await vscode?.stop();
    try {
      const { runs } = JSON.parse(longhand('runs').trimEnd().split('\n').at(-1) ?? '{}') as {
        runs: { run: string; state: string }[];
      };
      for (const { run, state } of runs) if (state === 'running') longhand('stop', run);
    } catch {
      // The service may be gone already.
    }
    killService(root);
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('shows what to do in a VS Code that never saw it', async () => {
    await vscode.page.getByRole('tab', { name: 'Longhand' }).click();
    await vscode.page
      .locator('.part.sidebar .welcome-view')
      .getByText('Run Recipe')
      .first()
      .waitFor({ timeout: MINUTE });
    await vscode.screenshot('welcome');
  });

  it('marks a wrong key of a recipe at its place and names the nearest one', async () => {
    await openFile(vscode, 'broken.recipe.yaml');
    await vscode.page
      .locator('.monaco-editor .squiggly-error')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.command('Problems: Focus on Problems View');
    await vscode.page
      .locator('.markers-panel .monaco-list-row')
      .filter({ hasText: 'num_train_epochs' })
      .first()
      .waitFor({ timeout: 20 * SECOND });
    await vscode.screenshot('diagnostics');
    await vscode.command('View: Close All Editors');
    await vscode.command('View: Toggle Panel Visibility');
  });

  it('runs a recipe from the palette and shows its progress', async () => {
    await vscode.command('Longhand: Run Recipe');
    await vscode.pick('short');
    await vscode.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: 'Start' })
      .first()
      .waitFor({ timeout: MINUTE });
    await vscode.screenshot('plan');
    await vscode.pick('Start');
    await vscode.treeRow('short').waitFor({ timeout: MINUTE });
    await vscode.page
      .locator('.part.sidebar .monaco-list-row')
      .filter({ hasText: /epoch \d of 3/ })
      .first()
      .waitFor({ timeout: 90 * SECOND });
    await vscode
      .statusBar()
      .getByText(/sft/)
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.screenshot('running');
  });

  it('shows the dashboard while the stage runs', async () => {
    const page = await vscode.webview('canvas', MINUTE);
    await page.getByText(/loss/i).first().waitFor({ timeout: MINUTE });
    await vscode.screenshot('dashboard');
  });

  it('opens a trace while traces are written, with its behaviours highlighted', async () => {
    await vscode.command('Longhand: Open Traces');
    await vscode.pick('short');
    // The evaluation is the only stage with traces so far, so nothing more is asked.
    const page = await vscode.webview('.grid-row', MINUTE);
    await page.locator('.grid-row').first().click();
    await page
      .locator('.span.label-marker')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await page
      .locator('.katex')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.screenshot('live-trace');
  });

  it('stops a stage: a checkpoint, then every process gone', async () => {
    await vscode.command('Longhand: Stop Run');
    await vscode.pickIfAsked(/^short/);
    await vscode.page
      .locator('.part.sidebar .monaco-list-row')
      .filter({ hasText: /stopped/ })
      .first()
      .waitFor({ timeout: 2 * MINUTE });
    assert.deepEqual(stageProcesses(root), []);
    await vscode.screenshot('stopped');
  });

  it('resumes where it stopped, survives the death of the service, and completes', async () => {
    await vscode.command('Longhand: Resume Run');
    await vscode.pickIfAsked(/^short/);
    await until(() => stageProcesses(root).length > 0, MINUTE, 'no stage runs after the resume');
    killService(root);
    assert.notEqual(stageProcesses(root).length, 0, 'training died with the service');
    await vscode
      .statusBar()
      .getByText('no backend')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.command('Longhand: Start Backend');
    await vscode
      .statusBar()
      .getByText(/short|sft|grpo/i)
      .first()
      .waitFor({ timeout: 90 * SECOND });
    const [run] = readdirSync(join(root, 'runs'));
    await until(
      () => existsSync(join(root, 'runs', run ?? '', 'stages', 'grpo', 'attempt-1', 'exit.json')),
      5 * MINUTE,
      'GRPO did not end',
    );
    await vscode.screenshot('resumed');
    const resumed = readdirSync(join(root, 'runs', run ?? '', 'stages')).filter((stage) =>
      existsSync(join(root, 'runs', run ?? '', 'stages', stage, 'attempt-2')),
    );
    assert.notEqual(resumed.length, 0, 'no stage has a second attempt');
  });

  it('says in the recipe how its newest run is', async () => {
    await until(() => stageProcesses(root).length === 0, 3 * MINUTE, 'the run did not end');
    await openFile(vscode, 'short.recipe.yaml');
    await vscode.page
      .locator('.codelens-decoration')
      .getByText('completed')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.screenshot('recipe');
  });

  it('compares the problems before and after', async () => {
    await vscode.command('Longhand: Compare');
    await vscode.pickIfAsked(/^short/);
    await vscode.page
      .locator('.quick-input-widget')
      .filter({ hasText: '(1 of 2)' })
      .waitFor({ timeout: 30 * SECOND });
    await vscode.page.locator('.quick-input-list .monaco-list-row').first().click();
    await vscode.page
      .locator('.quick-input-widget')
      .filter({ hasText: '(2 of 2)' })
      .waitFor({ timeout: 30 * SECOND });
    // Typing narrows the list, so that it does not matter how long it is.
    await vscode.page.keyboard.type('· test');
    await vscode.pick(/^grpo/);
    const page = await vscode.webview('.compare', 30 * SECOND);
    await page.locator('.grid-row').first().click();
    await page
      .locator('.side .katex')
      .nth(1)
      .waitFor({ timeout: 30 * SECOND });
    await vscode.screenshot('compare');
  });

  it('opens files of traces without a question', async () => {
    const name = existsSync(join(folder, 'real.jsonl')) ? 'real.jsonl' : 'rows.jsonl';
    await vscode.command('View: Close All Editors');
    await vscode.page.keyboard.press('Control+Shift+E');
    const row = vscode.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name });
    await vscode.contextMenu(row, 'Open Traces with Longhand');
    const page = await vscode.webview('.grid-row', MINUTE);
    await page.locator('.grid-row').nth(1).click();
    await page
      .locator('.pane .block.kind-paragraph, .pane .block')
      .nth(2)
      .waitFor({ timeout: 30 * SECOND });
    if (name === 'real.jsonl') {
      // The key goes to the next verification, wherever it is in the text.
      await page.locator('.pane .scroller').first().click();
      await vscode.page.keyboard.press('v');
      await page
        .locator('.span.label-verification')
        .first()
        .waitFor({ timeout: 30 * SECOND });
    }
    await vscode.screenshot('inspector');
  });

  it('says what is there and what is missing', async () => {
    await vscode.command('Longhand: Run Doctor');
    const report = await vscode.webview('h1:has-text("Longhand Doctor")', MINUTE);
    await report
      .getByText('Python engine')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await vscode.screenshot('doctor');
  });
});

async function openFile(vscode: Workbench, name: string): Promise<void> {
  await vscode.page.keyboard.press('Control+P');
  const input = vscode.page.locator('.quick-input-widget input').first();
  await input.waitFor({ state: 'visible' });
  await input.fill(name);
  await vscode.pick(name);
}

/** Kills the service of a root outright, as a crash would. */
function killService(root: string): void {
  try {
    const { pid } = JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
  } catch {
    // None is running.
  }
}

async function until(condition: () => boolean, timeout: number, what: string): Promise<void> {
  const end = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} (after ${timeout / SECOND} s)`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Rows in TRL's form, with mathematics; used where no real file is at hand. */
function importedRows(): string {
  const row = (n: number) => ({
    prompt: `What is \\(${n}+${n}\\)?`,
    completion: `<think>\nFirst, I add. \\(${n}+${n}=${2 * n}\\). Let me check: \\(${2 * n}-${n}=${n}\\). Yes, that is right.\n</think>\nThe answer is \\(\\boxed{${2 * n}}\\).`,
    answer: String(2 * n),
  });
  return Array.from({ length: 20 }, (_, n) => JSON.stringify(row(n + 1))).join('\n');
}
