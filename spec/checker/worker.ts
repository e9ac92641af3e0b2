/** A worker of a search: a thread that builds the same spec, and is a member of the team. */
import { isSpecification, type Parameters, SpecError, type Specification } from "../dsl/specification.ts";
import { Reshape } from "../dsl/shape.ts";
import { searchedBy } from "./naming.ts";
import type { Assignment, FromWorker, Seat, ToWorker } from "./parallel.ts";
import type { Search } from "./search.ts";
import { backOf, join, type Member, moveTo, nextLayer, prepare, use, work } from "./team.ts";

/** What a worker has to itself: the web's types don't know that it is one. */
interface Thread {
  onmessage: ((message: { readonly data: ToWorker }) => void) | null;
  postMessage(message: FromWorker): void;
}

const thread = globalThis as unknown as Thread;
let run: Search | null = null;
let member: Member | null = null;

thread.onmessage = async ({ data }) => {
  try {
    thread.postMessage(await answer(data));
  } catch (error) {
    thread.postMessage(failure(error));
  }
};

async function answer(message: ToWorker): Promise<FromWorker> {
  switch (message.type) {
    case "prepare":
      run = await prepared(message);
      return { type: "ready" };
    case "join":
      member = joining(run!, message);
      return { type: "ready" };
    case "work":
      return { type: "back", ...backOf(member!, await work(member!, message.isLast)) };
    case "endLayer":
      nextLayer(member!, message.count);
      return { type: "ready" };
    case "move":
      moveTo(member!, message.table);
      return { type: "ready" };
    case "use":
      use(member!, message.table);
      return { type: "ready" };
  }
}

async function prepared(assignment: Assignment): Promise<Search> {
  const spec = await load(assignment.module, assignment.name);
  const model = spec.build(assignment.parameters as Parameters);
  const starts = model.starts.filter(({ name }) => assignment.starts.includes(name));
  const { depth, maxBytes } = assignment;
  return await prepare(searchedBy(model, assignment.isSymmetric), starts, {
    depth,
    maxBytes,
    isExact: false,
    onProgress: () => {},
    stopped: () => false,
  });
}

function joining(run: Search, { places: expected, me, size, board, table }: Seat): Member {
  const { places } = run.model;
  const odd = places.find(({ name }, index) => name !== expected[index]);
  if (odd !== undefined || places.length !== expected.length) throw new Reshape(odd?.name ?? "the state");
  return join(run, me, size, board, table);
}

/** The spec that a module exports by default, or that stands in its catalog under this name, or is loaded by that. */
async function load(module: string, name: string | null): Promise<Specification> {
  const { default: exported, catalog } = await import(module);
  const named: unknown = name === null ? exported : catalog[name];
  const spec: unknown = typeof named === "function" ? await named() : named;
  if (isSpecification(spec)) return spec;
  throw new SpecError(`${module} does not export the spec that its workers are to search`);
}

function failure(error: unknown): FromWorker {
  if (error instanceof Reshape) return { type: "reshape", path: error.path };
  const isSpecError = error instanceof SpecError;
  return { type: "error", isSpecError, message: error instanceof Error ? error.message : String(error) };
}
