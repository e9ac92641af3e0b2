/** Serves the explorer's files on this machine, and tells open pages when they change. */
import type { Files } from "./build.ts";
import { standardPort } from "./hash.ts";

/** A server of files. */
export interface FileServer {
  /** Its address. */
  readonly url: string;
  /** Serves other files from now on, and has open pages load them. */
  change(files: Files): void;
  /** Resolves when it no longer serves. */
  readonly finished: Promise<void>;
  /** Ends it at once, with all that is under way. */
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
};

/** Where pages that are watched listen for changes. */
const changesPath = "changes";

const reloadScript = `new EventSource("${changesPath}").onmessage = () => location.reload();`;

/**
 * Serves files on a port of this machine; null: on the standard port, or any other one if that is taken.
 *
 * @throws {Deno.errors.AddrInUse} if the port that was asked for is taken.
 */
export function serveFiles(files: Files, port: number | null, isWatched: boolean): FileServer {
  let current = isWatched ? watched(files) : files;
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  function handler(request: Request): Response {
    const path = new URL(request.url).pathname.slice(1) || "index.html";
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    }
    if (isWatched && path === changesPath) return changesResponse(listeners);
    const content = current.get(path);
    if (content === undefined) return new Response("There is no such file.\n", { status: 404 });
    const type = types[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    return new Response(request.method === "HEAD" ? null : content as Uint8Array<ArrayBuffer>, {
      headers: { "content-type": type, "cache-control": "no-cache", "x-content-type-options": "nosniff" },
    });
  }
  const server = listen(port, handler);
  return {
    url: `http://localhost:${server.addr.port}/`,
    change(files) {
      current = isWatched ? watched(files) : files;
      for (const listener of listeners) tell(listener, "data: changed\n\n");
    },
    finished: server.finished,
    async close() {
      for (const listener of listeners) listener.close();
      listeners.clear();
      await server.shutdown();
    },
  };
}

function listen(port: number | null, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  const on = (port: number) =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handler) as Deno.HttpServer<Deno.NetAddr>;
  if (port !== null) return on(port);
  try {
    return on(standardPort);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return on(0);
  }
}

/** The same files, with a page that loads itself anew. */
function watched(files: Files): Files {
  const page = new TextDecoder().decode(files.get("index.html"));
  const tag = '<script type="module" src="reload.js"></script>';
  const encoder = new TextEncoder();
  return new Map([
    ...files,
    ["index.html", encoder.encode(page.replace("</head>", `  ${tag}\n  </head>`))],
    ["reload.js", encoder.encode(reloadScript)],
  ]);
}

function changesResponse(listeners: Set<ReadableStreamDefaultController<Uint8Array>>): Response {
  let own: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      own = controller;
      listeners.add(controller);
      tell(controller, ": watching\n\n");
    },
    cancel: () => void listeners.delete(own),
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

function tell(listener: ReadableStreamDefaultController<Uint8Array>, text: string): void {
  listener.enqueue(new TextEncoder().encode(text));
}
