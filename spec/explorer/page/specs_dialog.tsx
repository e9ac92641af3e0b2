/// <reference lib="dom" />
/** Which spec to look at, and for which values of its parameters. */
import { useState } from "preact/hooks";
import type { Start } from "../../checker/model.ts";
import { type Parameter, resolveParameters, type Specification } from "../../dsl/specification.ts";
import { homeOf } from "../hash.ts";
import { usePage } from "./context.ts";

/** Choose a spec. */
export function SpecsDialog() {
  const { setup, store } = usePage();
  const opened = store.session.value?.opened ?? null;
  const [name, setName] = useState(opened?.subject.spec ?? setup.first);
  const spec = setup.specs[name];
  return (
    <div class="specs">
      <label for="spec">Spec</label>
      <select autofocus id="spec" value={name} onChange={(event) => setName(event.currentTarget.value)}>
        {Object.keys(setup.specs).map((other) => <option key={other} value={other}>{other}</option>)}
      </select>
      {spec !== undefined && <Bounds key={name} name={name} spec={spec} />}
    </div>
  );
}

/** The values of the parameters: those of named bounds, unless somebody changes one. */
function Bounds({ name, spec }: { readonly name: string; readonly spec: Specification }) {
  const { store, visits } = usePage();
  const opened = store.session.value?.opened ?? null;
  const isOpen = opened?.subject.spec === name;
  const [bounds, setBounds] = useState(isOpen ? opened!.subject.bounds : null);
  const [changed, setChanged] = useState<Readonly<Record<string, Parameter>>>(
    isOpen ? opened!.subject.parameters : {},
  );
  const [start, setStart] = useState(isOpen ? store.session.value!.start.name : "1");
  const names = Object.keys(spec.bounds);
  const values = { ...resolveParameters(spec, bounds, {}), ...changed };
  function open(event: Event): void {
    event.preventDefault();
    store.dialog.value = null;
    void visits.visit({
      ...homeOf(name),
      bounds,
      parameters: changed,
      trace: start === "1" ? "" : `@${start}`,
    });
  }
  return (
    <form onSubmit={open}>
      {names.length > 0 && (
        <>
          <label for="bounds">Bounds</label>
          <select
            id="bounds"
            value={bounds ?? ""}
            onChange={(event) => {
              setBounds(event.currentTarget.value || null);
              setChanged({});
            }}
          >
            <option value="">the spec's own</option>
            {names.map((other) => <option key={other} value={other}>{other}</option>)}
          </select>
        </>
      )}
      {Object.keys(values).length > 0 && (
        <fieldset>
          <legend>Parameters</legend>
          {Object.entries(values).map(([key, value]) => (
            <ParameterField
              key={key}
              name={key}
              value={value}
              onChange={(value) => setChanged({ ...changed, [key]: value })}
            />
          ))}
        </fieldset>
      )}
      {isOpen && <StartField starts={opened!.model.starts} start={start} onChange={setStart} />}
      <p class="faint">{spec.summary(values).replaceAll("<=", "≤")}</p>
      <p class="note">
        Who plays may go beyond these bounds; searches keep to them.
      </p>
      <button type="submit" class="main">Open {name}</button>
    </form>
  );
}

/** Where a run begins: in an initial state, or where a named trace leads. */
function StartField({ starts, start, onChange }: {
  readonly starts: readonly Start[];
  readonly start: string;
  readonly onChange: (start: string) => void;
}) {
  if (starts.length < 2) return null;
  return (
    <>
      <label for="start">Begin</label>
      <select id="start" value={start} onChange={(event) => onChange(event.currentTarget.value)}>
        {starts.map(({ name, trace }) => (
          <option key={name} value={name}>
            {trace === "" ? `in initial state @${name}` : `@${name}, after ${trace.split(" ").length} steps`}
          </option>
        ))}
      </select>
    </>
  );
}

function ParameterField({ name, value, onChange }: {
  readonly name: string;
  readonly value: Parameter;
  readonly onChange: (value: Parameter) => void;
}) {
  switch (typeof value) {
    case "boolean":
      return (
        <label class="parameter">
          {name}
          <input
            type="checkbox"
            checked={value}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
        </label>
      );
    case "number":
      return (
        <label class="parameter">
          {name}
          <input
            type="number"
            min="0"
            max="99"
            step="1"
            value={value}
            onChange={(event) => onChange(Math.max(0, Math.round(event.currentTarget.valueAsNumber || 0)))}
          />
        </label>
      );
    case "string":
      return (
        <label class="parameter">
          {name}
          <input value={value} onChange={(event) => onChange(event.currentTarget.value)} />
        </label>
      );
  }
}
