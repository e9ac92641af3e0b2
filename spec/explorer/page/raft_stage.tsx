/** The stage: servers on a ring, each in the shape of its role and the colour of its term, and messages between them. */
import type { Choice, ChoiceGroup } from "./choices.ts";
import { usePage } from "./context.ts";
import { type Flight, type NetworkSign, signOf } from "./flights.ts";
import { familyOf, messageSign, messageText } from "./message_text.ts";
import { colourOfTerm } from "./palette.ts";
import type { ClusterPicture, FlyingMessage } from "./raft_cluster.ts";
import { badgeLetter, roleName, type ServerPicture } from "./server_picture.ts";
import { roleOutline } from "./shapes.ts";
import {
  type Bow,
  bowOf,
  byWay,
  narrowStage,
  outlineOf,
  type Place,
  pointOn,
  progressOf,
  ringOf,
  serverRadius,
  wideStage,
} from "./stage.ts";

/** The cluster at the selected moment. */
export function RaftStage({ cluster, before }: {
  readonly cluster: ClusterPicture;
  readonly before: ClusterPicture | null;
}) {
  const { store } = usePage();
  const size = store.isNarrow.value ? narrowStage : wideStage;
  const places = ringOf(cluster.servers.length, size);
  const placeOf = (id: string) => places[cluster.servers.findIndex((server) => server.id === id)];
  const step = store.here.value?.step ?? null;
  const inFlight = store.diagram.value?.traffic[store.here.value?.position ?? 0]?.inFlight ?? [];
  const sign = step === null ? null : signOf(step);
  return (
    <svg
      class="stage"
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label="The cluster: servers, and messages in flight between them"
    >
      <Ways places={places} />
      {step !== null && sign !== null && (
        <LastWay
          key={store.here.value?.position}
          from={placeOf(step.servers[0]!)}
          to={placeOf(step.servers[1]!)}
          sign={sign}
          family={familyOf(step.event)}
        />
      )}
      {cluster.servers.map((server, i) => (
        <StageServer
          key={server.id}
          server={server}
          before={before?.servers[i] ?? null}
          place={places[i]!}
          voters={cluster.servers.length}
        />
      ))}
      {byWay(byAge(cluster.messages, inFlight)).map(([way, messages]) => {
        const [from, to] = [placeOf(messages[0]!.message.from), placeOf(messages[0]!.message.to)];
        if (from === undefined || to === undefined) return null;
        const bow = bowOf(from, to);
        const parts = progressOf(messages.length);
        return (
          <g key={way}>
            <path class="bow" d={outlineOf(bow)} />
            {messages.map((flying, i) => (
              <Chip
                key={flying.integer}
                flying={flying}
                bow={bow}
                part={parts[i]!}
                choices={store.choices.value}
              />
            ))}
          </g>
        );
      })}
    </svg>
  );
}

/** Those that were sent first come first. */
function byAge(messages: readonly FlyingMessage[], inFlight: readonly Flight[]): readonly FlyingMessage[] {
  const ages = new Map(inFlight.map(({ message }, age) => [message, age]));
  return messages.toSorted((a, b) => (ages.get(a.integer) ?? 0) - (ages.get(b.integer) ?? 0));
}

/** Everybody can speak to everybody. */
function Ways({ places }: { readonly places: readonly Place[] }) {
  const d = places.flatMap((from, i) =>
    places.slice(i + 1).map((to) => `M${from.x} ${from.y}L${to.x} ${to.y}`)
  );
  return <path class="ways" d={d.join("")} />;
}

/** The way of the message that the last step was about; something runs along it, to whom it was for, or to where it was lost. */
function LastWay({ from, to, sign, family }: {
  readonly from: Place | undefined;
  readonly to: Place | undefined;
  readonly sign: NetworkSign;
  readonly family: string;
}) {
  if (from === undefined || to === undefined) return null;
  const d = outlineOf(bowOf(from, to));
  return (
    <>
      <path class={`last-way${sign === ">" ? "" : " stopped-short"}`} d={d} />
      <circle
        class={`courier ${family}${sign === ">" ? "" : " stopped-short"}`}
        r="8"
        style={{ offsetPath: `path("${d}")` }}
      />
    </>
  );
}

function StageServer({ server, before, place: { x, y }, voters }: {
  readonly server: ServerPicture;
  readonly before: ServerPicture | null;
  readonly place: Place;
  readonly voters: number;
}) {
  const { id, role, term, failure, membership, votesGranted, votedFor } = server;
  const isNew = before !== null &&
    (before.role !== role || before.term !== term || before.restarts !== server.restarts);
  const colour = colourOfTerm(term);
  const line = failure !== null
    ? "stopped"
    : votesGranted !== null
    ? `${roleName(server)}, ${votesGranted.length} of ${voters} votes`
    : roleName(server);
  const isLeader = role === "leader";
  return (
    <g
      class={`server ${membership}${isNew ? " changed" : ""}${failure === null ? "" : " stopped"}`}
      role="img"
      aria-label={`${id}: ${line}, term ${term}, ${votedFor === null ? "no vote" : `voted for ${votedFor}`}`}
    >
      {isNew && <path class="halo" d={roleOutline(badgeLetter(role), x, y, serverRadius + 7)} />}
      <path
        class={`body badge term-${colour} role-${badgeLetter(role)}`}
        d={roleOutline(badgeLetter(role), x, y, serverRadius)}
      />
      {isLeader && <path class="crown" d={`M${x - 12} ${y - 34}l-3 -13l8 6l7 -10l7 10l8 -6l-3 13Z`} />}
      <text class={`server-name term-${colour}`} x={x} y={y + 1} text-anchor="middle">{id}</text>
      <text class={`server-term term-${colour}`} x={x} y={y + 17} text-anchor="middle">term {term}</text>
      <text class="server-role" x={x} y={y + serverRadius + 20} text-anchor="middle">{line}</text>
    </g>
  );
}

/** A message: a click delivers it. */
function Chip({ flying: { message, integer, copies }, bow, part, choices }: {
  readonly flying: FlyingMessage;
  readonly bow: Bow;
  readonly part: number;
  readonly choices: readonly ChoiceGroup[];
}) {
  const { visits } = usePage();
  const choice = choices.flatMap(({ choices }) => choices).find((one) => one.message === integer);
  const { x, y } = pointOn(bow, part);
  const sign = messageSign(message) + (copies > 1 ? `×${copies}` : "");
  const width = Math.max(24, 9 + sign.length * 7.4);
  const name = `${message.type} from ${message.from} to ${message.to}`;
  const words = messageText(message);
  const angle = Math.atan2(bow.to.y - bow.from.y, bow.to.x - bow.from.x) * 180 / Math.PI;
  return (
    <g
      class={`chip ${familyOf(message.type)}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabindex={choice === undefined ? -1 : 0}
      aria-label={`deliver ${name}: ${words}`}
      onClick={() => choice && visits.take(choice.enabled.step.label)}
      onKeyDown={(event: KeyboardEvent) => choice && chipKey(event, choice, visits.take)}
    >
      <title>{`${name}\n${words}\nclick: deliver · Delete: drop · +: duplicate`}</title>
      <path class="chip-tail" d={`M${width / 2 + 1} -5l7 5l-7 5Z`} transform={`rotate(${angle})`} />
      <rect x={-width / 2} y={-12} width={width} height={24} rx={7} />
      <text y={4.5} text-anchor="middle">{sign}</text>
    </g>
  );
}

/** The keys of a choice that has the focus. */
export function chipKey(
  event: KeyboardEvent,
  { enabled, variants }: Choice,
  take: (label: string) => void,
): void {
  const variant = (kind: "drop" | "duplicate" | "held") => variants.find((one) => one.kind === kind)?.enabled;
  const chosen = event.key === "Enter" || event.key === " "
    ? enabled
    : event.key === "Delete" || event.key === "Backspace" || event.key === "~"
    ? variant("drop")
    : event.key === "+"
    ? variant("duplicate")
    : event.key === "_"
    ? variant("held")
    : undefined;
  if (chosen === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  take(chosen.step.label);
}
