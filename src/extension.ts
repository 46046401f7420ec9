/** Composes the extension. No logic here, and nothing that can wait: what is heavy is loaded when it is first used. */
import { performance } from 'node:perf_hooks';
import type * as vscode from 'vscode';
import { Backends } from './backends/backends.ts';
import { createStatus } from './backends/status.ts';
import { Tokens } from './backends/tokens.ts';
import { watchBackend } from './backends/watch.ts';
import { commandTable } from './command-table.ts';
import { registerCommands } from './commands.ts';
import { Documents } from './documents.ts';
import { engineFolders } from './engine/engine.ts';
import { createReporter } from './errors.ts';
import { handleLinks } from './inspector/link-handler.ts';
import { Panels } from './inspector/panels.ts';
import { TextDocuments } from './inspector/text-documents.ts';
import { registerTraceEditor } from './inspector/trace-editor.ts';
import { createLog } from './log.ts';
import { Memory } from './memento.ts';
import { registerRecipeLanguage } from './recipes/language.ts';
import { LogDocuments } from './runs/log-document.ts';
import { notifyEnds } from './runs/notify.ts';
import { RunStore } from './runs/store.ts';
import { Targets } from './runs/targets.ts';
import { RunsTree } from './runs/tree.ts';
import { textAt } from './shape.ts';

/** What other extensions, tests and the bench may ask. */
export interface Api {
  /** Milliseconds that `activate` took. */
  readonly activationMs: number;
}

export function activate(context: vscode.ExtensionContext): Api {
  const began = performance.now();
  const version = textAt(context.extension.packageJSON, 'version') ?? '0';
  const own = <T extends vscode.Disposable>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  const log = own(createLog());
  const report = createReporter(log);
  const memory = new Memory(context.globalState);
  const tokens = new Tokens(context.secrets);
  const folders = engineFolders(context);
  const documents = own(new Documents());
  const backends = own(
    new Backends({
      memory,
      tokens,
      log,
      version,
      home: context.extensionPath,
      storage: context.globalStorageUri.fsPath,
      engineDir: folders.engineDir,
    }),
  );
  const store = own(new RunStore(backends, log));
  const targets = new Targets(backends, store);
  const texts = own(new TextDocuments(backends, documents));
  const logs = own(new LogDocuments(backends, documents));
  const panels = own(
    new Panels({
      extension: context.extensionUri,
      backends,
      store,
      memory,
      log,
      openText: (params) => texts.open(params),
    }),
  );
  const tree = own(new RunsTree(backends, store));
  own(registerTraceEditor({ backends, store, memory, documents }, panels, report));
  own(registerRecipeLanguage(context.extensionPath, store, report));
  own(handleLinks({ backends, store, panels }, report));
  own(createStatus(backends, store));
  own(watchBackend(backends, version, report));
  own(notifyEnds(store));
  own(
    registerCommands(
      commandTable({ context, backends, store, targets, memory, tokens, documents, logs, panels, tree, folders, log }),
      report,
    ),
  );
  backends.begin();
  const activationMs = Math.round((performance.now() - began) * 10) / 10;
  log.info(`Longhand ${version} activated in ${activationMs} ms.`);
  return { activationMs };
}
