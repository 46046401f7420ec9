/** The Runs view: backends → runs → stages → evaluations and checkpoints. */
import * as vscode from 'vscode';
import type { RunSummary, StageInfo } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import { tooltip, treeItem, type BackendNode, type TreeNode } from './items.ts';
import { evaluationNodes, mainStages, nodeId, stageChildren, type RunNode } from './model.ts';
import type { RunStore } from './store.ts';

export class RunsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #backends: Backends;
  readonly #store: RunStore;
  readonly #changed = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>();
  readonly #disposables = new Disposables();
  readonly onDidChangeTreeData = this.#changed.event;
  /** One object a row for as long as the row lives: VS Code tells rows apart by it. */
  readonly #nodes = new Map<string, TreeNode>();
  readonly #view: vscode.TreeView<TreeNode>;

  constructor(backends: Backends, store: RunStore) {
    this.#backends = backends;
    this.#store = store;
    this.#disposables.add(this.#changed);
    this.#view = this.#disposables.add(
      vscode.window.createTreeView(ids.runsView, { treeDataProvider: this, showCollapseAll: true }),
    );
    this.#disposables.add(
      store.onDidChange(({ runs }) => {
        if (runs === null) {
          this.#view.message = store.more
            ? `The ${store.runs.length} newest runs; older ones are in the root folder.`
            : undefined;
          this.#changed.fire(undefined);
        } else if (runs.length > 0) {
          const nodes = runs.flatMap((run) => this.#nodes.get(run) ?? []);
          for (const node of nodes) if (node.kind === 'run') node.run = store.get(node.run.run) ?? node.run;
          if (nodes.length > 0) this.#changed.fire(nodes);
        }
        this.#badge();
      }),
    );
    let shown = '';
    this.#disposables.add(
      backends.onDidChange(() => {
        const now = JSON.stringify([backends.active, backends.state, backends.known, backends.error?.message]);
        if (now === shown) return;
        shown = now;
        this.#changed.fire(undefined);
      }),
    );
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    return treeItem(node, this.#backends);
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    item.tooltip = tooltip(node, this.#backends);
    return item;
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (!node) return this.#roots();
    switch (node.kind) {
      case 'backend':
        return node.backend.url === this.#backends.active.url
          ? this.#store.runs.map((run) => this.#keep({ kind: 'run', run }))
          : [];
      case 'run':
        return mainStages(node.run).map((stage) => this.#keep({ kind: 'stage', run: node.run, stage }));
      case 'stage': {
        const children = stageChildren(node.run, node.stage);
        const evaluated = node.stage.kind === 'evaluate' && node.stage.traces > 0;
        const evaluations = evaluated ? await this.#evaluations(node.run, node.stage) : [];
        return [...children, ...evaluations].map((child) => this.#keep(child));
      }
      case 'checkpoint':
      case 'set':
      case 'more':
        return [];
      default:
        return node satisfies never;
    }
  }

  getParent(node: TreeNode): TreeNode | undefined {
    switch (node.kind) {
      case 'backend':
        return undefined;
      case 'run':
        return this.#keepBackend({ kind: 'backend', backend: this.#backends.active });
      case 'stage': {
        const parent = node.run.stages.find(({ id }) => id === node.stage.of && id !== node.stage.id);
        return parent
          ? this.#keep({ kind: 'stage', run: node.run, stage: parent })
          : this.#keep({ kind: 'run', run: node.run });
      }
      case 'checkpoint':
      case 'set':
      case 'more':
        return this.#keep({ kind: 'stage', run: node.run, stage: node.stage });
      default:
        return node satisfies never;
    }
  }

  /** Shows a run in the view, without taking the focus. */
  async reveal(run: string): Promise<void> {
    const summary = this.#store.get(run);
    if (!summary) return;
    await this.#view.reveal(this.#keep({ kind: 'run', run: summary }), { select: true, focus: false, expand: 1 });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #roots(): TreeNode[] {
    const { known, state } = this.#backends;
    // Nothing but this machine, and nothing there: the welcome text says what to do.
    const empty = known.length === 1 && this.#store.runs.length === 0;
    if (empty && (state === 'none' || (state === 'connected' && this.#store.loaded))) return [];
    return known.map((backend) => this.#keepBackend({ kind: 'backend', backend }));
  }

  async #evaluations(run: RunSummary, stage: StageInfo): Promise<RunNode[]> {
    try {
      const [{ sets }, { rows }] = await Promise.all([
        this.#backends.call('traces/sets', { run: run.run }),
        this.#backends.call('runs/table', { run: run.run }),
      ]);
      return evaluationNodes(run, stage, sets, rows);
    } catch {
      // The backend is away, and its row says so.
      return [];
    }
  }

  #keep(node: RunNode): TreeNode {
    return this.#intern(nodeId(node), node);
  }

  #keepBackend(node: BackendNode): TreeNode {
    return this.#intern(`backend:${node.backend.url ?? 'local'}`, node);
  }

  #intern(id: string, node: TreeNode): TreeNode {
    const known = this.#nodes.get(id);
    if (known) return Object.assign(known, node);
    this.#nodes.set(id, node);
    return node;
  }

  #badge(): void {
    const running = this.#store.runs.filter(({ state }) => state === 'running' || state === 'stopping').length;
    this.#view.badge =
      running > 0
        ? { value: running, tooltip: running === 1 ? '1 run is running' : `${running} runs are running` }
        : undefined;
  }
}
