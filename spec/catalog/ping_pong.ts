/**
 * Two players count by sending each other a ball: ping 0, pong 0, ping 1, pong 1, ...
 *
 * Who expects this number takes the ball, counts, and sends it back; a ball with another number is left alone. The
 * network may lose balls (`lossy`), and may deliver one again and again (`duplicating`): it makes no difference to
 * how far apart the players are. They could play for ever, so a constraint bounds how far they count.
 *
 *     deno task check ping_pong --set lossy=false
 */
import { always, each, sometimes, spec, type Specification } from "../mod.ts";

/** The game. */
export interface Game {
  /** How far the player that serves has counted. */
  readonly server: number;
  /** How far the other one has. */
  readonly receiver: number;
  /** The balls under way: `ping 0` goes to the receiver, `pong 0` back. */
  readonly balls: ReadonlySet<string>;
}

/** The spec. */
export const pingPong: Specification = spec<
  Game,
  { max: number; lossy: boolean; duplicating: boolean }
>(
  "ping_pong",
  { max: 5, lossy: true, duplicating: true },
  ({ max, lossy, duplicating }) => {
    const numbers = Array.from({ length: max + 2 }, (_, number) => number);
    const balls = numbers.flatMap((
      number,
    ) => [`ping ${number}`, `pong ${number}`]);
    return {
      init: { server: 0, receiver: 0, balls: new Set(["ping 0"]) },
      actions: {
        TakePing: each(numbers, (s, number) => {
          if (!s.balls.has(`ping ${number}`) || s.receiver !== number) {
            return false;
          }
          if (!duplicating) s.balls.delete(`ping ${number}`);
          s.receiver++;
          s.balls.add(`pong ${number}`);
          return true;
        }),
        TakePong: each(numbers, (s, number) => {
          if (!s.balls.has(`pong ${number}`) || s.server !== number) {
            return false;
          }
          if (!duplicating) s.balls.delete(`pong ${number}`);
          s.server++;
          s.balls.add(`ping ${number + 1}`);
          return true;
        }),
        ...(lossy
          ? {
            Lose: each(balls, (s: { balls: Set<string> }, ball) => s.balls.delete(ball)),
          }
          : {}),
      },
      ends: ({ balls }) => balls.size === 0,
      constraint: ({ server, receiver }) => server <= max && receiver <= max,
      properties: [
        always(
          "Delta Within One",
          "the players' counts are at most one apart",
          ({ server, receiver }) =>
            Math.abs(server - receiver) <= 1 ||
            `one counts ${server}, the other ${receiver}`,
        ),
        sometimes(
          "the last number is reached",
          "they can play to the end",
          ({ server, receiver }) => server === max && receiver === max,
        ),
      ],
    };
  },
);

export default pingPong;
