/** Any other spec: its variables, or its servers, in a table, and what the last step changed. */
import type { Model } from "../../checker/model.ts";
import type { Snapshot } from "../snapshot.ts";
import { Changed } from "./raft_servers.tsx";
import { type Element, partsOf } from "./value_parts.ts";

/** The state of any spec. */
export function Variables({ model, here }: { readonly model: Model; readonly here: Snapshot }) {
  return model.servers.length > 0
    ? <Servers model={model} here={here} />
    : <Values model={model} here={here} />;
}

/** A row for each variable, or for each of its parts. */
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
          {values.flatMap(([name, value]) => partsOf(name, value, earlier?.[name])).map((part) => (
            <tr key={part.name}>
              <th scope="row">{part.name}</th>
              <td>
                {part.elements === null
                  ? <Changed now={part.now} old={earlier === null ? null : part.old ?? "–"} />
                  : <Elements elements={part.elements} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A set: an element a line, with what the last step has added and removed. */
function Elements({ elements }: { readonly elements: readonly Element[] }) {
  if (elements.length === 0) return <span class="value">{"{}"}</span>;
  return (
    <ul class="elements">
      {elements.map(({ text, mark }) => (
        <li key={text} class={mark}>
          {mark === "new" ? <ins>+ {text}</ins> : mark === "gone" ? <del>− {text}</del> : text}
        </li>
      ))}
    </ul>
  );
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
