/** The server of the explorer's files. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { serveFiles } from "../../spec/explorer/serve.ts";

const encoder = new TextEncoder();
const files = new Map([
  ["index.html", encoder.encode("<html><head></head></html>")],
  ["page.js", encoder.encode("1")],
]);

Deno.test("files are served with their types, at any path that there is and at no other", async () => {
  const server = serveFiles(files, 0, false);
  try {
    for (
      const [path, status, type, text] of [
        ["", 200, "text/html; charset=utf-8", "<html><head></head></html>"],
        ["index.html", 200, "text/html; charset=utf-8", "<html><head></head></html>"],
        ["page.js", 200, "text/javascript; charset=utf-8", "1"],
        ["../deno.json", 404, "text/plain;charset=UTF-8", "There is no such file.\n"],
        ["changes", 404, "text/plain;charset=UTF-8", "There is no such file.\n"],
      ] as const
    ) {
      const response = await fetch(server.url + path);
      assertEquals([response.status, response.headers.get("content-type"), await response.text()], [
        status,
        type,
        text,
      ]);
    }
    const head = await fetch(`${server.url}page.js`, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    const post = await fetch(server.url, { method: "POST" });
    assertEquals([post.status, post.headers.get("allow"), await post.text()], [405, "GET, HEAD", ""]);
  } finally {
    await server.close();
  }
});

Deno.test("a page that is watched hears of other files, and then gets them", async () => {
  const server = serveFiles(files, 0, true);
  try {
    assertStringIncludes(await (await fetch(server.url)).text(), 'src="reload.js"');
    assertStringIncludes(await (await fetch(`${server.url}reload.js`)).text(), "location.reload()");
    const { body } = await fetch(`${server.url}changes`);
    const events = body!.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await events.read()).value, ": watching\n\n");
    server.change(new Map([["index.html", encoder.encode("new")], ["page.js", encoder.encode("2")]]));
    assertEquals((await events.read()).value, "data: changed\n\n");
    assertEquals(await (await fetch(`${server.url}page.js`)).text(), "2");
    await events.cancel();
    // Nobody listens any more.
    server.change(files);
  } finally {
    await server.close();
  }
});

Deno.test("a port that is taken is refused if it was asked for", async () => {
  const server = serveFiles(files, 0, false);
  try {
    const port = Number(new URL(server.url).port);
    assertThrows(() => serveFiles(files, port, false), Deno.errors.AddrInUse);
    assert(port > 0);
  } finally {
    await server.close();
  }
});
