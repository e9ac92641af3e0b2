import { assertEquals } from "@std/assert";
import { parseAddress, textOfAddress } from "../src/transport/address.ts";

Deno.test("an address is a name or an IP address and a port, and nothing else is", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["b:7001", "b", 7001],
    ["b.example:1", "b.example", 1],
    ["10.0.0.2:65535", "10.0.0.2", 65535],
    ["[::1]:7001", "::1", 7001],
    ["[fe80::1%eth0]:7001", "fe80::1%eth0", 7001],
    ["[2001:db8::10.0.0.2]:7001", "2001:db8::10.0.0.2", 7001],
  ];
  for (const [text, hostname, port] of table) {
    assertEquals(parseAddress(text), { hostname, port });
    assertEquals(textOfAddress({ hostname, port }), text);
  }
  for (
    const text of [
      "",
      "b",
      ":7001",
      "b:",
      "b:0",
      "b:65536",
      "b:7001/",
      "http://b:7001",
      "::1:7001",
      "[b]x:1",
      "b c:1",
    ]
  ) {
    assertEquals(parseAddress(text), undefined, text);
  }
});
