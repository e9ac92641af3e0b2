/** What can happen next: a button for everything, by place. */
import { useState } from "preact/hooks";
import { type Choice, type ChoiceGroup, choiceText, type Variant } from "./choices.ts";
import { usePage } from "./context.ts";
import type { Engine } from "./engine.ts";
import type { Mark } from "../seek.ts";
import { chipKey } from "./raft_stage.tsx";
import { GlyphSign, RoleSign, Sign } from "./signs.tsx";

/** Everything that can happen next. */
export function NextPanel() {
  const { store, engine } = usePage();
  const groups = store.choices.value;
  const here = store.here.value;
  if (here === null) return null;
  const count = groups.reduce((sum, { choices, requests }) => sum + choices.length + requests.length, 0);
  const depth = engine.within.value;
  return (
    <section class="panel next" aria-labelledby="next-title" id="next">
      <header>
        <h2 id="next-title">Next</h2>
        <span class="faint">
          {count} possible{depth > 0 && ` · ${depth} ${depth === 1 ? "step" : "steps"} ahead checked`}
        </span>
      </header>
      {here.isOutside && (
        <p class="note">A search would not go on from here: the spec's constraint keeps it out.</p>
      )}
      {count === 0 && <p class="note">Nothing more can happen.</p>}
      {groups.map((group) => <Group key={group.where} group={group} />)}
      <OtherStep />
    </section>
  );
}

function Group({ group: { where, choices, requests } }: { readonly group: ChoiceGroup }) {
  const { store } = usePage();
  const diagram = store.diagram.value;
  const server = diagram?.servers.indexOf(where) ?? -1;
  const badge = server < 0 ? null : diagram?.rows[store.here.value!.position]?.badges[server] ?? null;
  const isAlone = server < 0 && choices.length === 1;
  return (
    <div class={isAlone ? "group alone" : "group"} role="group" aria-label={`at ${where}`}>
      {!isAlone && (
        <h3>
          {badge !== null && <RoleSign role={badge.role} term={badge.term} />}
          {where}
        </h3>
      )}
      {choices.map((choice, i) => <ChoiceRow key={i} choice={choice} />)}
      {requests.length > 0 && (
        <details>
          <summary>Ask {where}, as an administrator ({requests.length})</summary>
          {requests.map((choice, i) => <ChoiceRow key={i} choice={choice} />)}
        </details>
      )}
    </div>
  );
}

function ChoiceRow({ choice }: { readonly choice: Choice }) {
  const { store, visits, engine } = usePage();
  const { enabled: { step, isIdle, seen, beyond }, glyph, key, variants, detail, from } = choice;
  const mark = engine.marks.value.get(step.label) ?? null;
  const isNext = store.next.value === step.label;
  const bound = beyond === null ? "" : `beyond the bounds of a search: ${beyond.budget} ≤ ${beyond.allows}`;
  return (
    <div
      class={[
        "choice",
        isIdle && "idle",
        beyond !== null && "beyond",
        mark !== null && isNearest(engine, mark) && "danger",
      ].filter(
        Boolean,
      ).join(" ")}
    >
      <button
        type="button"
        class="take"
        data-step={step.label}
        title={[step.label, bound].filter(Boolean).join(" — ")}
        onClick={() => visits.take(step.label)}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key !== "Enter" && event.key !== " ") chipKey(event, choice, visits.take);
        }}
      >
        <kbd aria-hidden="true">{key ?? ""}</kbd>
        <GlyphSign glyph={glyph} />
        <span class="words">
          <span class="title">
            {from !== null && <b>{from} → {step.servers[1]}</b>}
            {choiceText(choice)}
            {isIdle && <span class="tag">changes nothing</span>}
            {beyond !== null && <span class="tag">{`beyond ${beyond.budget} ≤ ${beyond.allows}`}</span>}
            <MarkText mark={mark} isNext={isNext} isSeen={!isIdle && seen !== null} />
          </span>
          {detail !== "" && <span class="detail">{detail}</span>}
        </span>
      </button>
      {variants.map((variant) => (
        <VariantButton key={variant.enabled.step.label} variant={variant} from={from} />
      ))}
    </div>
  );
}

function VariantButton({ variant: { kind, enabled, title }, from }: {
  readonly variant: Variant;
  readonly from: string | null;
}) {
  const { visits, engine } = usePage();
  const { label, servers } = enabled.step;
  const name = from === null ? title : `${title} from ${from} to ${servers[1]}`;
  const mark = engine.marks.value.get(label);
  const danger = mark === undefined ? "" : `; ${mark.property} can break in ${mark.steps} steps`;
  return (
    <button
      type="button"
      class={`variant ${kind}${mark !== undefined && isNearest(engine, mark) ? " danger" : ""}`}
      aria-label={name + danger}
      title={`${name} (${label})${danger}`}
      data-step={label}
      onClick={() => visits.take(label)}
    >
      <Sign name={kind} />
    </button>
  );
}

/** What may break by a step; that it leads to a state that was visited. */
function MarkText({ mark, isNext, isSeen }: {
  readonly mark: Mark | null;
  readonly isNext: boolean;
  readonly isSeen: boolean;
}) {
  const { engine } = usePage();
  if (mark === null && isNext) return <span class="mark">the run goes on</span>;
  if (mark === null) return isSeen ? <span class="mark">seen before</span> : null;
  const { property, steps } = mark;
  const words = steps === 1 ? `breaks ${property}` : `${property} can break in ${steps} steps`;
  if (isNearest(engine, mark)) return <span class="mark danger">⚠ {words}</span>;
  return (
    <span class="mark" title={words}>
      ⚠ in {steps}
      <span class="unseen">{`: ${words}`}</span>
    </span>
  );
}

/** Whether nothing breaks sooner: other steps only put it off. */
function isNearest({ marks }: Engine, { steps }: Mark): boolean {
  return [...marks.value.values()].every((other) => other.steps >= steps);
}

/** Whatever isn't offered, in the notation: another command, other members. */
function OtherStep() {
  const { visits, store } = usePage();
  const [problem, setProblem] = useState<string | null>(null);
  const isCluster = (store.session.value?.opened.model.servers.length ?? 0) > 0;
  if (!isCluster) return null;
  return (
    <form
      class="other-step"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const field = form.elements.namedItem("step");
        if (!(field instanceof HTMLInputElement) || field.value.trim() === "") return;
        try {
          visits.take(field.value.trim());
          form.reset();
          setProblem(null);
        } catch (error) {
          setProblem(error instanceof Error ? error.message : String(error));
        }
      }}
    >
      <label>
        Another step, such as <code>a=hello</code>
        <input name="step" autocomplete="off" autocapitalize="off" spellcheck={false} />
      </label>
      <button type="submit">Take it</button>
      {problem !== null && <p class="problem" role="alert">{problem}</p>}
    </form>
  );
}
