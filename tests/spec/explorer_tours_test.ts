/** Every tour, replayed on the real model. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { addressOf, hashOf, startOfTour } from "../../spec/explorer/hash.ts";
import { go, openSession } from "../../spec/explorer/session.ts";
import { snapshot } from "../../spec/explorer/snapshot.ts";
import { openSubject } from "../../spec/explorer/subject.ts";
import { positionsOf, stopAt, tours } from "../../spec/explorer/tours/mod.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";

const setup = { specs: catalog, first: "raft" };

for (const tour of tours) {
  Deno.test(`tour ${tour.name}: each stop is reached, and at the end it shows what it is for`, async () => {
    const address = startOfTour(tour);
    assertEquals(addressOf(hashOf(address), setup), address);
    const opened = await openSubject(address, { specs: catalog, loadCore: loadMutant });
    const session = openSession(opened, address.trace);
    assertEquals(positionsOf(tour).at(-1), session.path.length - 1);
    const { truths } = snapshot(session);
    const shown = truths.filter(({ here, first }) =>
      here === "broken" || (first !== null && here !== "holds")
    );
    for (const name of tour.shows) {
      assert(shown.some(({ property }) => property.name === name), `${tour.name} shows no ${name}`);
    }
    // The right core breaks nothing.
    const broken = truths.filter(({ here }) => here === "broken").map(({ property }) => property.name);
    assertEquals(broken.length > 0, tour.mutant !== null, broken.join());
  });

  Deno.test(`tour ${tour.name}: its texts are whole sentences, and each stop has steps of its own`, () => {
    assertMatch(tour.name, /^[a-z0-9-]+$/);
    for (const { says } of [...tour.stops, { says: tour.summary }]) assertMatch(says, /^[^ ].*[.)]$/);
    assertEquals(tour.stops[0]?.steps, "");
    assert(tour.stops.slice(1).every(({ steps }) => steps !== ""));
  });
}

Deno.test("between two stops of a tour one is at the earlier one", () => {
  const [tour] = tours;
  const positions = positionsOf(tour!);
  positions.forEach((position, stop) => assertEquals(stopAt(tour!, position), stop));
  const between = positions.at(-1)! - 1;
  assertEquals(stopAt(tour!, between), positions.length - 2);
});

Deno.test("the names of tours differ", () => {
  assertEquals(new Set(tours.map(({ name }) => name)).size, tours.length);
});

Deno.test("in the tour of the forgotten vote the right core would have waited", async () => {
  const address = { ...startOfTour(tours.find(({ name }) => name === "forgotten-vote")!), mutant: null };
  const opened = await openSubject(address, { specs: catalog, loadCore: loadMutant });
  const session = go(openSession(opened, address.trace, { asFarAsPossible: true }), 99);
  // b's answer is not on its way before its disk has the vote, so that b>a can't happen.
  assertEquals(session.position, 2);
});
