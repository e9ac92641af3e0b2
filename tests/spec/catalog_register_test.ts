/** What the specs of registers take for linearizable. */
import { assertEquals } from "@std/assert";
import { isLinearizable, type Operation } from "../../spec/catalog/register.ts";

/** A write, or a read of this value; those of other clients that had returned before it come before it. */
function done(type: Operation["type"], value: string | null, after: Operation["after"] = {}): Operation {
  return { type, value, returned: true, after };
}

Deno.test("a read sees what was written before it", () => {
  assertEquals(isLinearizable({ x: [done("Put", "X"), done("Get", "X")] }), true);
  assertEquals(isLinearizable({ x: [done("Put", "X"), done("Get", null)] }), false);
  assertEquals(isLinearizable({ x: [done("Put", "X")], y: [done("Get", null, { x: 1 })] }), false);
});

Deno.test("a read that overlaps a write may see it or not", () => {
  const written = { ...done("Put", "X"), returned: false };
  assertEquals(isLinearizable({ x: [written], y: [done("Get", "X")] }), true);
  assertEquals(isLinearizable({ x: [written], y: [done("Get", null)] }), true);
  assertEquals(isLinearizable({ x: [written], y: [done("Get", "Y")] }), false);
});

Deno.test("a later read doesn't go back", () => {
  const written = { ...done("Put", "X"), returned: false };
  const first = done("Get", "X");
  assertEquals(isLinearizable({ x: [written], y: [first], z: [done("Get", null, { y: 1 })] }), false);
  assertEquals(isLinearizable({ x: [written], y: [first], z: [done("Get", null)] }), true);
});

Deno.test("two writes may have happened in either order, but in one", () => {
  const writes = { x: [done("Put", "X")], y: [done("Put", "Y")] };
  const after = { x: 1, y: 1 };
  assertEquals(isLinearizable({ ...writes, z: [done("Get", "X", after)] }), true);
  assertEquals(isLinearizable({ ...writes, z: [done("Get", "Y", after)] }), true);
  const reads = { z: [done("Get", "X", after)], w: [done("Get", "Y", after)] };
  assertEquals(isLinearizable({ ...writes, ...reads }), false);
});
