/** Asks a worker in the page to search: the answering side is `worker.ts`. */
import type { Progress } from "../checker/search.ts";
import type { Address } from "./hash.ts";
import type { Answer, Marks, Quest } from "./seek.ts";
import type { Question, Reply } from "./worker.ts";

/** A worker that searches. A later question ends the one before it. */
export interface Searcher {
  /**
   * Searches from the selected moment of an address. Null: it was stopped, or asked something else.
   *
   * @throws {Error} if the search fails: why.
   */
  seek(from: Address, quest: Quest, onProgress: (progress: Progress) => void): Promise<Answer | null>;
  /**
   * Marks the steps by which something may break within so many steps; tells of each round. Null: it was stopped.
   *
   * @throws {Error} if the search fails: why.
   */
  mark(from: Address, steps: number, onMarks: (marks: Marks) => void): Promise<Marks | null>;
  /** Ends what it does. */
  stop(): void;
}

/** The file that holds the worker. */
export const workerName = "worker.js";

/** What was asked last, and who waits for the answer. */
interface Waiting {
  readonly id: number;
  readonly onReply: (reply: Reply) => void;
  readonly giveUp: () => void;
  readonly fail: (error: Error) => void;
}

/** A worker that searches; it starts when it is first asked. */
export function searcher(): Searcher {
  let worker: Worker | null = null;
  let waiting: Waiting | null = null;
  let asked = 0;

  function started(): Worker {
    if (worker !== null) return worker;
    worker = new Worker(new URL(workerName, import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.id !== waiting?.id) return;
      if (data.type === "failed") waiting.fail(new Error(data.message));
      else waiting.onReply(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      waiting?.fail(new Error(`${workerName} failed: ${event.message}`));
    };
    return worker;
  }

  function ask<T>(
    question: (id: number) => Question,
    onReply: (reply: Reply, resolve: (answer: T | null) => void) => void,
  ): Promise<T | null> {
    waiting?.giveUp();
    return new Promise((resolve, reject) => {
      const id = ++asked;
      waiting = {
        id,
        onReply: (reply) => onReply(reply, resolve),
        giveUp: () => resolve(null),
        fail: reject,
      };
      started().postMessage(question(id));
    });
  }

  return {
    seek: (from, quest, onProgress) =>
      ask<Answer>((id) => ({ type: "seek", id, from, quest }), (reply, resolve) => {
        if (reply.type === "progress") onProgress(reply.progress);
        if (reply.type === "answer") resolve(reply.answer);
      }),
    mark: (from, steps, onMarks) =>
      ask<Marks>((id) => ({ type: "mark", id, from, steps }), (reply, resolve) => {
        if (reply.type === "marks") onMarks(reply.marks);
        if (reply.type === "marked") resolve(reply.marks);
      }),
    stop() {
      waiting?.giveUp();
      waiting = null;
      if (worker !== null) worker.postMessage({ type: "stop", id: ++asked } satisfies Question);
    },
  };
}
