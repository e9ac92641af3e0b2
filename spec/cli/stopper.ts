/** What ends a run before its time. */
import { note } from "./output.ts";

/** A signal that fires at a timeout, and at the first Ctrl-C; a second one ends the process. */
export function stopper(seconds: number | undefined): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const timer = seconds === undefined
    ? undefined
    : setTimeout(() => controller.abort(), Math.ceil(seconds * 1000));
  function interrupt(): void {
    note("\nstopping; again to quit at once");
    controller.abort();
    Deno.removeSignalListener("SIGINT", interrupt);
  }
  Deno.addSignalListener("SIGINT", interrupt);
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      Deno.removeSignalListener("SIGINT", interrupt);
    },
  };
}
