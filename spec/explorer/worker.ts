/** A worker in the page: searches while people play. The asking side is `searcher.ts`. */
import { loadCore } from "./core_files.ts";
import type { Address } from "./hash.ts";
import type { Answer, Marks, Quest } from "./seek.ts";
import { markSteps, seek } from "./seek.ts";
import { go, openSession, type Session } from "./session.ts";
import type { Setup } from "./setup.ts";
import { type Opened, openSubject } from "./subject.ts";
import { Reshape } from "../dsl/shape.ts";
import type { Progress } from "../checker/search.ts";

/** What a worker is asked. A later question ends the one before it. */
export type Question =
  | {
    /** To search. */
    readonly type: "seek";
    /** Tells questions apart. */
    readonly id: number;
    /** From where. */
    readonly from: Address;
    /** For what. */
    readonly quest: Quest;
  }
  | {
    /** To mark what may soon go wrong. */
    readonly type: "mark";
    /** Tells questions apart. */
    readonly id: number;
    /** From where. */
    readonly from: Address;
    /** Within how many steps. */
    readonly steps: number;
  }
  | {
    /** To end what was asked. */
    readonly type: "stop";
    /** Tells questions apart. */
    readonly id: number;
  };

/** What a worker says. */
export type Reply =
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly type: "marks"; readonly id: number; readonly marks: Marks }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "marked"; readonly id: number; readonly marks: Marks }
  | { readonly type: "failed"; readonly id: number; readonly message: string };

/** What a worker has to itself: the web's types don't know that it is one. */
interface Thread {
  onmessage: ((message: { readonly data: Question }) => void) | null;
  postMessage(message: Reply): void;
}

/** Begins to listen. */
export function begin(setup: Setup): void {
  const thread = globalThis as unknown as Thread;
  let latest = 0;
  let opened: { readonly key: string; readonly opened: Opened } | null = null;

  async function sessionAt(address: Address): Promise<Session> {
    const { spec, bounds, parameters, mutant } = address;
    const key = JSON.stringify([spec, bounds, parameters, mutant]);
    if (opened?.key !== key) {
      opened = { key, opened: await openSubject(address, { specs: setup.specs, loadCore }) };
    }
    const session = openSession(opened.opened, address.trace);
    return go(session, address.position ?? session.position);
  }

  async function answer(question: Question): Promise<void> {
    const { id } = question;
    // A question that came later is awaited, too, so that it can end this one.
    const stopped = () => latest !== id;
    if (question.type === "stop") return;
    const session = await sessionAt(question.from);
    if (question.type === "seek") {
      const onProgress = (progress: Progress) => thread.postMessage({ type: "progress", id, progress });
      const found = await seek(session, question.quest, { onProgress, stopped });
      if (!stopped()) thread.postMessage({ type: "answer", id, answer: found });
      return;
    }
    const onMarks = (marks: Marks) => thread.postMessage({ type: "marks", id, marks });
    const marks = await markSteps(session, question.steps, { onMarks, stopped });
    if (!stopped()) thread.postMessage({ type: "marked", id, marks });
  }

  thread.onmessage = async ({ data }) => {
    latest = data.id;
    try {
      await answerInShape(data);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      thread.postMessage({ type: "failed", id: data.id, message });
    }
  };

  /** Some value may not keep its shape. The spec knows it then, and is built another way. */
  async function answerInShape(question: Question): Promise<void> {
    try {
      await answer(question);
    } catch (error) {
      if (!(error instanceof Reshape)) throw error;
      opened = null;
      await answerInShape(question);
    }
  }
}
