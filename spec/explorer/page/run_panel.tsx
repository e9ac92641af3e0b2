/** The run as a sequence diagram: time downwards, one row for each step. */
import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";
import { branchesOf } from "../session.ts";
import { usePage } from "./context.ts";
import { type Badge, type Row, wordsOf } from "./diagram.ts";
import {
  type Frame,
  frameOf,
  heightOf,
  middleOf,
  rowHeight,
  shapesOfEnd,
  shapesOfLoop,
  shapesOfRow,
} from "./drawing.ts";
import type { Shape } from "./shapes.ts";
import { Sign } from "./signs.tsx";

/** The run that is shown, with the buttons that lead through it. */
export function RunPanel() {
  const { store, visits } = usePage();
  const session = store.session.value;
  if (session === null) return null;
  const { path, position, moments } = session;
  const last = path.length - 1;
  const leaves = moments.length - new Set(moments.map(({ parent }) => parent)).size + 1;
  return (
    <section class="panel run" aria-labelledby="run-title" id="run">
      <header>
        <h2 id="run-title">Run</h2>
        <span class="faint">{last === 0 ? "no steps yet" : `step ${position} of ${last}`}</span>
        <div class="tools">
          <Tool name="first" title="First state (Home)" isOff={position === 0} act={() => visits.goTo(0)} />
          <Tool
            name="previous"
            title="Previous step (k)"
            isOff={position === 0}
            act={() => visits.goTo(position - 1)}
          />
          <Tool
            name="next"
            title="Next step (j)"
            isOff={position === last}
            act={() => visits.goTo(position + 1)}
          />
          <Tool name="last" title="Last step (End)" isOff={position === last} act={() => visits.goTo(last)} />
          <Tool
            name="fork"
            title="Fork here: what comes after is kept as a branch (f)"
            isOff={position === last}
            act={visits.forkHere}
          />
          {leaves > 1 && (
            <button
              type="button"
              class="tool text"
              onClick={() => store.dialog.value = "branches"}
            >
              {leaves} branches
            </button>
          )}
        </div>
      </header>
      <Drawing />
    </section>
  );
}

function Tool({ name, title, isOff, act }: {
  readonly name: "first" | "previous" | "next" | "last" | "fork";
  readonly title: string;
  readonly isOff: boolean;
  readonly act: () => void;
}) {
  return (
    <button type="button" class="tool" title={title} aria-label={title} disabled={isOff} onClick={act}>
      <Sign name={name} />
    </button>
  );
}

function Drawing() {
  const { store, visits } = usePage();
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const session = store.session.value!;
  const diagram = store.diagram.value!;
  const { servers, rows } = diagram;
  const frame = useFrame(servers.length, width);
  const { position, path } = session;
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const [top, bottom] = [position * rowHeight, (position + 2) * rowHeight];
    const head = servers.length > 0 ? 34 : 0;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom + head > box.scrollTop + box.clientHeight) {
      box.scrollTop = bottom + head - box.clientHeight;
    }
  }, [position, path, width]);
  return (
    <div class="scroller" ref={scroller} tabIndex={-1}>
      {servers.length > 0 && (
        <svg class="columns" width={frame.width} height="34" aria-hidden="true">
          {servers.map((server, i) => (
            <text key={server} class="lane" x={frame.columns[i]} y="22" text-anchor="middle">{server}</text>
          ))}
          <text class="number" x={frame.notes} y="22">what changed</text>
        </svg>
      )}
      <svg
        class="diagram"
        width={frame.width}
        height={heightOf(rows.length) + 12}
        role="listbox"
        aria-label="Steps of the run"
        tabIndex={0}
        aria-activedescendant={`row-${position}`}
        onClick={(event) => visits.goTo(Math.floor(event.offsetY / rowHeight))}
      >
        <rect
          class="selection"
          x="1"
          y={position * rowHeight + 1}
          width={frame.width - 2}
          height={rowHeight - 2}
          rx="6"
        />
        <Shapes shapes={shapesOfEnd(frame, diagram)} />
        {rows.map((row, i) => (
          <RowBack
            key={row.number}
            row={row}
            before={rows[i - 1]?.badges ?? null}
            frame={frame}
            servers={servers}
          />
        ))}
        {rows.map((row, i) => (
          <RowFront
            key={row.number}
            row={row}
            before={rows[i - 1]?.badges ?? null}
            frame={frame}
            servers={servers}
            violations={witnessesAt(store.violations.value, row.number)}
            isSelected={row.number === position}
            branches={i === 0 ? 0 : branchesOf(session, path[i - 1]!).length}
          />
        ))}
        <rect
          class="later"
          x="0"
          y={(position + 1) * rowHeight}
          width={frame.width}
          height={(rows.length - position - 1) * rowHeight + 12}
        />
        {session.loop !== null && (
          <Shapes shapes={shapesOfLoop(path.length - 1, path.length - 1 - session.loop)} />
        )}
      </svg>
      {session.loop !== null && (
        <p class="note">
          {session.loop === 0
            ? "And then nothing happens for ever."
            : `The last ${session.loop} steps happen again and again, for ever.`}
        </p>
      )}
    </div>
  );
}

function witnessesAt(
  violations: readonly { readonly step: number; readonly name: string; readonly witness: string }[],
  row: number,
): string {
  return violations.filter(({ step }) => step === row).map(({ name, witness }) => `${name}: ${witness}`).join(
    "; ",
  );
}

interface RowProps {
  readonly row: Row;
  readonly before: readonly Badge[] | null;
  readonly frame: Frame;
  readonly servers: readonly string[];
}

const RowBack = memo(({ row, before, frame, servers }: RowProps) => (
  <Shapes shapes={shapesOfRow(frame, servers, row, before, []).back} />
));

const RowFront = memo(({ row, before, frame, servers, violations, isSelected, branches }: RowProps & {
  readonly violations: string;
  readonly isSelected: boolean;
  readonly branches: number;
}) => {
  const { store } = usePage();
  const { number, label, title, changes } = row;
  return (
    <g
      class={`row${violations === "" ? "" : " violated"}`}
      id={`row-${number}`}
      role="option"
      aria-selected={isSelected}
      aria-label={`step ${number}: ${label} ${title}. ${wordsOf(changes)}${
        violations === "" ? "" : `. Violated: ${violations}`
      }`}
    >
      <title>{`${label} ${title}\n${wordsOf(changes)}`}</title>
      <rect class="hit" x="0" y={number * rowHeight} width={frame.width} height={rowHeight} />
      <Shapes
        shapes={shapesOfRow(frame, servers, row, before, violations === "" ? [] : [violations]).front}
      />
      {branches > 1 && (
        <g
          class="fork-mark"
          role="button"
          aria-label={`${branches} branches begin here`}
          onClick={(event: MouseEvent) => {
            event.stopPropagation();
            store.dialog.value = "branches";
          }}
        >
          <title>{`${branches} branches begin here`}</title>
          <rect x="1" y={middleOf(number) - rowHeight / 2 - 8} width="26" height="16" rx="8" />
          <text x="14" y={middleOf(number) - rowHeight / 2 + 4} text-anchor="middle">⑂{branches}</text>
        </g>
      )}
    </g>
  );
});

function Shapes({ shapes }: { readonly shapes: readonly Shape[] }) {
  return (
    <>
      {shapes.map(({ tag: Tag, class: name, attributes, text }, i) => (
        <Tag key={i} class={name} {...attributes}>{text}</Tag>
      ))}
    </>
  );
}

/** The same frame as long as nothing is moved, so that rows need not be drawn anew. */
function useFrame(servers: number, width: number): Frame {
  const known = useRef<{ readonly key: string; readonly frame: Frame } | null>(null);
  const key = `${servers} ${width}`;
  if (known.current?.key !== key) known.current = { key, frame: frameOf(servers, width) };
  return known.current.frame;
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(460);
  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(280, Math.floor(entry!.contentRect.width)))
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
