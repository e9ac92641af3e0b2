/** Any other spec: its variables, or its servers, in a table, and what the last step changed. */
import type { Model } from "../../checker/model.ts";
import { show } from "../../dsl/plain.ts";
import type { Snapshot } from "../snapshot.ts";
import { Changed } from "./raft_servers.tsx";

/** The state of any spec. */
export function Variables({ model, here }: { readonly model: Model; readonly here: Snapshot }) {
  return model.servers.length > 0
    ? <Servers model={model} here={here} />
    : <Values model={model} here={here} />;
}

/** A row for each variable; a record or a function of a few keys has a row for each. */
function Values({ model, here: { state, before } }: { readonly model: Model; readonly here: Snapshot }) {
  const values = Object.entries(model.values?.(state) ?? {});
  const earlier: Readonly<Record<string, unknown>> | null = before === null
    ? null
    : model.values?.(before) ?? null;
  return (
    <div class="wide">
      <table class="variables">
        <thead>
          <tr>
            <th scope="col">variable</th>
            <th scope="col">value</th>
          </tr>
        </thead>
        <tbody>
          {values.flatMap(([name, value]) => partsOf(name, value, earlier?.[name])).map((
            { name, now, old },
          ) => (
            <tr key={name} class={old !== null && old !== now ? "is-changed" : ""}>
              <th scope="row">{name}</th>
              <td>
                <Changed now={now} old={earlier === null ? null : old ?? "–"} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Part {
  readonly name: string;
  readonly now: string;
  readonly old: string | null;
}

/** The parts of a value: the fields of a record, the elements of a list of records or lists; else all of it. */
function partsOf(name: string, value: unknown, earlier: unknown): readonly Part[] {
  if (isRecord(value)) {
    const old = isRecord(earlier) ? earlier : {};
    return Object.entries(value).map(([key, item]) => part(`${name}.${key}`, item, old[key]));
  }
  if (Array.isArray(value) && value.length > 0 && value.length <= 12) {
    const old = Array.isArray(earlier) ? earlier : [];
    return value.map((item, i) => part(`${name}[${i}]`, item, old[i]));
  }
  return [part(name, value, earlier)];
}

function part(name: string, value: unknown, earlier: unknown): Part {
  return { name, now: show(value), old: earlier === undefined ? null : show(earlier) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Set) &&
    !(value instanceof Uint8Array);
}

/** A column for each server. */
function Servers({ model, here: { state, before } }: { readonly model: Model; readonly here: Snapshot }) {
  const texts = model.describe(state);
  const earlier = before === null ? null : model.describe(before);
  const names = [...new Set(model.servers.flatMap((server) => Object.keys(texts[server] ?? {})))];
  return (
    <div class="wide">
      <table class="variables">
        <thead>
          <tr>
            <td />
            {model.servers.map((server) => <th scope="col" key={server}>{server}</th>)}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {model.servers.map((server) => {
                const now = texts[server]?.[name] ?? "–";
                return (
                  <td key={server}>
                    <Changed now={now} old={earlier === null ? null : earlier[server]?.[name] ?? "–"} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
