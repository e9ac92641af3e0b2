/// <reference lib="dom" />
/** The run as a sequence diagram: time downwards, one row for each step. Of a long run only what is in sight is drawn. */
import { flushSync, memo } from "preact/compat";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { branchCounts } from "./branches.ts";
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

/** By how many rows what is drawn moves on. */
const stride = 8;

/** How tall the names of the servers are, in pixels. */
const headHeight = 34;

/** The run that is shown, drawn. */
export function RunDrawing() {
  const { store } = usePage();
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const session = store.session.value!;
  const { servers, rows } = store.diagram.value!;
  const frame = useFrame(servers.length, width);
  const { position, path, loop } = session;
  const shown = useWindow(scroller, rows.length, position, path, width);
  return (
    <div class="scroller" ref={scroller} tabIndex={-1}>
      {servers.length > 0 && (
        <svg class="columns" width={frame.width} height={headHeight} aria-hidden="true">
          {servers.map((server, i) => (
            <text key={server} class="lane" x={frame.columns[i]} y="22" text-anchor="middle">{server}</text>
          ))}
          <text class="number" x={frame.notes} y="22">what changed</text>
        </svg>
      )}
      <Rows frame={frame} shown={shown} />
      {loop !== null && (
        <p class="note">
          {loop === 0
            ? "And then nothing happens for ever."
            : loop === 1
            ? "The last step happens again and again, for ever."
            : `The last ${loop} steps happen again and again, for ever.`}
        </p>
      )}
    </div>
  );
}

/** The rows in sight, over what is behind all of them. */
function Rows({ frame, shown: { from, to } }: {
  readonly frame: Frame;
  readonly shown: { readonly from: number; readonly to: number };
}) {
  const { store, visits } = usePage();
  const session = store.session.value!;
  const diagram = store.diagram.value!;
  const { servers, rows } = diagram;
  const { position, path, moments, loop } = session;
  const branches = useMemo(() => branchCounts(moments), [moments]);
  const inSight = rows.slice(from, to);
  // What was sent above the window and arrives below it crosses it.
  const crossing = rows.slice(to).filter(({ arrow }) => arrow !== null && arrow.sentAt < to);
  const partsOf = (row: Row) => ({ row, before: rows[row.number - 1]?.badges ?? null, frame, servers });
  const end = heightOf(rows.length) + 12;
  return (
    <svg
      class="diagram"
      width={frame.width}
      height={end}
      role="listbox"
      aria-label="Steps of the run"
      tabindex={0}
      aria-activedescendant={`row-${position}`}
      onClick={(event) => {
        const { top } = event.currentTarget.getBoundingClientRect();
        visits.goTo(Math.floor((event.clientY - top) / rowHeight));
      }}
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
      {[...inSight, ...crossing].map((row) => <RowBack key={row.number} {...partsOf(row)} />)}
      {inSight.map((row) => (
        <RowFront
          key={row.number}
          {...partsOf(row)}
          count={rows.length}
          violations={witnessesAt(store.violations.value, row.number)}
          isSelected={row.number === position}
          branches={row.number === 0 ? 0 : branches.get(path[row.number - 1]!) ?? 0}
        />
      ))}
      <Later from={position + 1} end={end} width={frame.width} />
      {loop !== null && <Shapes shapes={shapesOfLoop(path.length - 1, path.length - 1 - loop)} />}
    </svg>
  );
}

/** What comes after the selected moment is paler. */
function Later(
  { from, end, width }: { readonly from: number; readonly end: number; readonly width: number },
) {
  const top = from * rowHeight;
  return <rect class="later" x="0" y={top} width={width} height={Math.max(0, end - top)} />;
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

const RowFront = memo(({ row, count, before, frame, servers, violations, isSelected, branches }: RowProps & {
  readonly count: number;
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
      aria-posinset={number + 1}
      aria-setsize={count}
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
          aria-hidden="true"
          onClick={(event: MouseEvent) => {
            event.stopPropagation();
            store.dialog.value = "branches";
          }}
        >
          <title>{`${branches} branches begin here`}</title>
          <rect x="1" y={middleOf(number) - rowHeight / 2 - 8} width="26" height="16" rx="8" />
          <path d={`M9 ${middleOf(number) - rowHeight / 2 + 5}v-4m0 0l-3 -5m3 5l3 -5`} />
          <text x="19" y={middleOf(number) - rowHeight / 2 + 4} text-anchor="middle">{branches}</text>
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

/** The rows to draw: those in sight and some around them. All of them on paper. */
function useWindow(
  scroller: { readonly current: HTMLElement | null },
  count: number,
  position: number,
  path: readonly number[],
  width: number,
): { readonly from: number; readonly to: number } {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(900);
  const [isPrinted, setPrinted] = useState(false);
  // To ask the browser would have it lay out the page at once.
  const seen = useRef({ top: 0, height: 900, position });
  seen.current.position = position;
  const look = (at: number) => {
    seen.current.top = at;
    // Not at every pixel.
    setTop(Math.floor(at / (rowHeight * stride)) * stride);
  };
  const show = () => {
    const { top, height, position } = seen.current;
    const above = position * rowHeight;
    const below = above + 2 * rowHeight + headHeight;
    const wanted = above < top ? above : below > top + height ? below - height : top;
    if (wanted === top) return;
    look(wanted);
    requestAnimationFrame(() => scroller.current?.scrollTo(0, wanted));
  };
  useLayoutEffect(show, [position, path, width]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      seen.current.height = entry!.contentRect.height;
      setHeight(seen.current.height);
      show();
    });
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const print = (isOn: boolean) => () => flushSync(() => setPrinted(isOn));
    const [before, after] = [print(true), print(false)];
    scroller.current?.addEventListener("scroll", () => look(scroller.current?.scrollTop ?? 0), {
      passive: true,
    });
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  if (isPrinted) return { from: 0, to: count };
  return {
    from: Math.max(0, top - stride),
    to: Math.min(count, top + Math.ceil(height / rowHeight) + 2 * stride),
  };
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
