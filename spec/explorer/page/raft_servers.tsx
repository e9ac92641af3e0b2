/** The servers one below the other: their logs, aligned by index, in memory and on the disk; and what else each knows. */
import type { ComponentChildren } from "preact";
import { usePage } from "./context.ts";
import { colourOfTerm } from "./palette.ts";
import type { ClusterPicture } from "./raft_cluster.ts";
import { badgeLetter, roleName, type ServerPicture, type SlotPicture } from "./server_picture.ts";
import { RoleSign } from "./signs.tsx";

/** All servers. */
export function RaftServers({ cluster, before }: {
  readonly cluster: ClusterPicture;
  readonly before: ClusterPicture | null;
}) {
  const last = Math.max(3, ...cluster.servers.flatMap(({ slots }) => slots.map(({ index }) => index)));
  const first = Math.min(...cluster.servers.map(firstIndex));
  const columns = Array.from({ length: last - first + 1 }, (_, i) => first + i).map((index) => ({
    index,
    isWide: cluster.servers.some(({ slots }) =>
      slots.some((slot) => slot.index === index && holdsMembers(slot))
    ),
  }));
  return (
    <div class="servers">
      {cluster.servers.map((server, i) => (
        <ServerBand
          key={server.id}
          server={server}
          before={before?.servers[i] ?? null}
          leaders={cluster.servers.filter(({ role, id }) => role === "leader" && id !== server.id)}
          columns={columns}
        />
      ))}
      <Legend />
    </div>
  );
}

/** A column of all logs. */
interface Column {
  readonly index: number;
  /** Whether an entry there needs more room: members. */
  readonly isWide: boolean;
}

function holdsMembers({ memory, disk }: SlotPicture): boolean {
  return memory?.type === "configuration" || disk?.type === "configuration";
}

function firstIndex({ slots, compactedIndex }: ServerPicture): number {
  return slots[0]?.index ?? compactedIndex + 1;
}

function ServerBand({ server, before, leaders, columns }: {
  readonly server: ServerPicture;
  readonly before: ServerPicture | null;
  readonly leaders: readonly ServerPicture[];
  readonly columns: readonly Column[];
}) {
  const { id, role, term, failure } = server;
  return (
    <section class={`band${failure === null ? "" : " stopped"}`} aria-label={`server ${id}`}>
      <h3>
        <RoleSign role={badgeLetter(role)} term={term} size={26} />
        <span class="name">{id}</span>
        <span class="rank">
          <Changed now={roleName(server)} old={before && roleName(before)} /> · term{" "}
          <Changed now={String(term)} old={before && String(before.term)} />
        </span>
        {server.restarts > 0 && (
          <small>restarted {server.restarts === 1 ? "once" : `${server.restarts} times`}</small>
        )}
      </h3>
      <LogStrip server={server} before={before} leaders={leaders} columns={columns} />
      {failure !== null && <p class="failure" role="alert">It has stopped: {failure}</p>}
      <dl class="fields">
        {fieldsOf(server).map(([name, value]) => (
          <Field key={name} name={name} old={before === null ? null : fieldIn(before, name)}>{value}</Field>
        ))}
      </dl>
    </section>
  );
}

/** The log of a server: one column for each index. */
function LogStrip({ server, before, leaders, columns }: {
  readonly server: ServerPicture;
  readonly before: ServerPicture | null;
  readonly leaders: readonly ServerPicture[];
  readonly columns: readonly Column[];
}) {
  const { id, slots, compactedIndex, snapshotIndex, commitIndex } = server;
  const last = columns.at(-1)!.index;
  return (
    <ol class="log" aria-label={`log of ${id}, committed up to ${commitIndex}`} tabIndex={0}>
      {columns.map(({ index, isWide }) => {
        const slot = slots.find((other) => other.index === index) ?? null;
        const old = before?.slots.find((other) => other.index === index) ?? null;
        return (
          <li key={index} class={isWide ? "wide" : ""}>
            <span class="index">{index}</span>
            <Entry slot={slot} old={old} isNew={before !== null} isCompacted={index <= compactedIndex} />
            <DiskSlot slot={slot} />
            <span class="commit" data-is={index <= commitIndex ? "committed" : "open"} />
            {leaders.length > 0 && <Pointers leaders={leaders} follower={id} index={index} />}
          </li>
        );
      })}
      {leaders.some(({ peers }) => peers.some((peer) => peer.id === id && peer.nextIndex > last)) && (
        <li class="after">
          <span class="index">{last + 1}</span>
          <span class="entry none" />
          <span class="on-disk none" />
          <span class="commit" data-is="open" />
          <Pointers leaders={leaders} follower={id} index={last + 1} />
        </li>
      )}
      {snapshotIndex > 0 && <li class="snapshot">snapshot up to {snapshotIndex}</li>}
    </ol>
  );
}

function Entry({ slot, old, isNew, isCompacted }: {
  readonly slot: SlotPicture | null;
  readonly old: SlotPicture | null;
  readonly isNew: boolean;
  readonly isCompacted: boolean;
}) {
  const entry = slot?.memory ?? null;
  if (entry === null) {
    const isGone = isNew && old?.memory !== undefined && old.memory !== null && !isCompacted;
    return (
      <span class={`entry none${isGone ? " changed" : ""}${isCompacted ? " compacted" : ""}`}>
        <span class="unseen">{isCompacted ? "in the snapshot" : isGone ? "removed" : "empty"}</span>
      </span>
    );
  }
  const isChanged = isNew && (old?.memory?.term !== entry.term || old.memory.content !== entry.content);
  const words = entry.type === "noop" ? "no-op" : entry.type === "configuration" ? "members" : "command";
  return (
    <span
      class={`entry ${entry.type} term-${colourOfTerm(entry.term)}${isChanged ? " changed" : ""}`}
      title={`${entry.index}: ${words} of term ${entry.term}${tellSlot(slot!)}`}
    >
      <span class="unseen">{`${words}, term `}</span>
      <span class="term">{entry.term}</span>
      <span class="content">{entry.content}</span>
      <span class="unseen">{tellSlot(slot!)}</span>
    </span>
  );
}

function tellSlot({ isCommitted, isApplied, memory, disk }: SlotPicture): string {
  const isStored = disk !== null && disk.term === memory?.term && disk.content === memory.content;
  return [
    isCommitted ? ", committed" : "",
    isApplied ? ", applied" : "",
    isStored ? ", on disk" : ", not on disk",
  ].join("");
}

/** What the disk holds at an index: the same, nothing yet, or something else. */
function DiskSlot({ slot }: { readonly slot: SlotPicture | null }) {
  const disk = slot?.disk ?? null;
  const memory = slot?.memory ?? null;
  if (disk === null) return <span class={`on-disk ${memory === null ? "none" : "missing"}`} />;
  const isSame = memory !== null && disk.term === memory.term && disk.content === memory.content;
  return (
    <span class={`on-disk term-${colourOfTerm(disk.term)} ${isSame ? "same" : "other"}`}>
      {!isSame && `${disk.term}${disk.content}`}
      {!isSame && <span class="unseen">on the disk only</span>}
    </span>
  );
}

/** Where leaders believe that this server is. */
function Pointers({ leaders, follower, index }: {
  readonly leaders: readonly ServerPicture[];
  readonly follower: string;
  readonly index: number;
}) {
  const pointers = leaders.flatMap(({ id, term, peers }) => {
    const peer = peers.find((other) => other.id === follower);
    if (peer === undefined) return [];
    const isMatch = peer.matchIndex === index;
    return [
      ...(isMatch ? [{ id, term, word: "match", sign: "●" }] : []),
      ...(peer.nextIndex === index ? [{ id, term, word: "next", sign: "▲" }] : []),
    ];
  });
  return (
    <span class="pointers">
      {pointers.map(({ id, term, word, sign }) => (
        <span
          key={id + word}
          class={`pointer term-${colourOfTerm(term)}`}
          title={`${word}Index of ${id} for ${follower}`}
        >
          <span aria-hidden="true">{sign}</span>
          {id}
          <span class="unseen">{` ${word}Index`}</span>
        </span>
      ))}
    </span>
  );
}

/** What a server knows, beside its log: names and short texts. */
function fieldsOf(server: ServerPicture): readonly (readonly [name: string, value: string])[] {
  const { votedFor, leader, votesGranted, commitIndex, lastApplied, disk, term, heldWrites, peers } = server;
  const isOnDisk = disk.term === term && disk.votedFor === votedFor;
  return [
    ["votedFor", votedFor ?? "–"],
    ["leader", leader ?? "–"],
    ...(votesGranted === null ? [] : [["votesGranted", votesGranted.join(" ") || "–"] as const]),
    ["commitIndex", String(commitIndex)],
    ["lastApplied", String(lastApplied)],
    ...(peers.length === 0 ? [] : [
      ["nextIndex", peers.map(({ id, nextIndex }) => `${id} ${nextIndex}`).join("  ")] as const,
      ["matchIndex", peers.map(({ id, matchIndex }) => `${id} ${matchIndex}`).join("  ")] as const,
    ]),
    [
      "disk",
      isOnDisk
        ? `term ${disk.term}, vote ${disk.votedFor ?? "–"}`
        : `term ${disk.term}, vote ${disk.votedFor ?? "–"} ≠ memory`,
    ],
    ...(heldWrites.length === 0 ? [] : [["held writes", heldWrites.join(" | ")] as const]),
    ...(server.areMembersFirst ? [] : [["members", membersText(server)] as const]),
    ["timers", server.timers.join(" ") || "–"],
    ...Object.entries(server.extras),
  ];
}

function membersText({ members, isJoint, areMembersCommitted }: ServerPicture): string {
  return `${members}${isJoint ? " (joint)" : ""}${areMembersCommitted ? "" : " (not committed)"}`;
}

function fieldIn(server: ServerPicture, name: string): string {
  return fieldsOf(server).find(([other]) => other === name)?.[1] ?? "–";
}

function Field({ name, old, children }: {
  readonly name: string;
  readonly old: string | null;
  readonly children: string;
}) {
  const isDiskBehind = name === "disk" && children.includes("≠") || name === "held writes";
  return (
    <div class={`field${isDiskBehind ? " behind" : ""}`}>
      <dt>{name}</dt>
      <dd>
        <Changed now={children} old={old} />
      </dd>
    </div>
  );
}

/** A text; what the last step made of it glows, beside what it was. */
export function Changed(
  { now, old }: { readonly now: string; readonly old: string | null },
): ComponentChildren {
  const { store } = usePage();
  if (old === null || old === now) return <span class="value">{now}</span>;
  return (
    <span class="value changed" key={store.here.value?.position}>
      <del>{old}</del>
      <span class="becomes" aria-hidden="true">→</span>
      <ins>{now}</ins>
    </span>
  );
}

function Legend() {
  return (
    <p class="legend">
      <span>
        <i class="entry term-1" /> in memory
      </span>
      <span>
        <i class="on-disk term-1 same" /> on disk
      </span>
      <span>
        <i class="on-disk missing" /> not on disk yet
      </span>
      <span>
        <i class="commit" data-is="committed" /> committed
      </span>
      <span>● matchIndex</span>
      <span>▲ nextIndex</span>
    </p>
  );
}
