/** The timers of a node, and the deadlines of those who wait, on a clock that passes as it is told to. */
import { assertEquals } from "@std/assert";
import type { Timer } from "../src/core/mod.ts";
import { createDeadlines, type Deadline } from "../src/node/deadlines.ts";
import { createTimers, type Firing } from "../src/node/timers.ts";
import { between, chance, type Random, randomFrom } from "./random.ts";

/** Time, and what it is to call. `pass` calls; `hold` doesn't, as where something holds up the thread. */
function handClock() {
  let now = 0;
  const calls = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(ms: number, callback: () => void) {
      const call = { at: now + ms, callback };
      calls.add(call);
      return () => void calls.delete(call);
    },
    hold: (ms: number) => void (now += ms),
    pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const [next] = [...calls].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        calls.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
    calls: () => calls.size,
  };
}

/** Timers of which each start and stop is told to the clock at once: what ours must not be told from. */
function simpleTimers(
  clock: ReturnType<typeof handClock>,
  durationMs: (timer: Timer) => number,
  onFire: (timer: Timer) => void,
) {
  const running = new Map<Timer, () => void>();
  const stop = (timer: Timer) => {
    running.get(timer)?.();
    running.delete(timer);
  };
  return {
    stop,
    start(timer: Timer) {
      stop(timer);
      running.set(timer, clock.after(durationMs(timer), () => onFire(timer)));
    },
  };
}

const timerNames: readonly Timer[] = ["election", "heartbeat"];

Deno.test("timers that seldom ask the clock fire when those do that always ask it (2,000 runs, seed 1)", () => {
  const random = randomFrom(1);
  for (let run = 0; run < 2000; run++) sameFirings(random, `run ${run} of seed 1`);
});

function sameFirings(random: Random, message: string): void {
  const [clock, other] = [handClock(), handClock()];
  let ms = 0;
  const [fired, expected]: [string[], string[]] = [[], []];
  const timers = createTimers(clock, () => ms, (firing) => {
    fired.push(`${firing.timer} at ${clock.now()}`);
    if (!timers.take(firing)) fired.push("which doesn't count");
  });
  const simple = simpleTimers(other, () => ms, (timer) => void expected.push(`${timer} at ${other.now()}`));
  for (let step = 0; step < 40; step++) {
    const timer = timerNames[between(random, 0, 1)]!;
    ms = [1, 2, 3, 7, 1000][between(random, 0, 4)]!;
    if (chance(random, 0.6)) {
      timers.start(timer);
      simple.start(timer);
    } else if (chance(random, 0.2)) {
      timers.stop(timer);
      simple.stop(timer);
    }
    const passed = between(random, 0, 4);
    clock.pass(passed);
    other.pass(passed);
  }
  // Two that are due at one moment have no order.
  assertEquals(fired.sort(), expected.sort(), message);
  timers.stopAll();
  assertEquals(clock.calls(), 0, message);
}

Deno.test("a timer that was started again, and is overdue, fires with the next call", () => {
  const clock = handClock();
  const fired: Firing[] = [];
  const timers = createTimers(clock, () => 10, (firing) => void fired.push(firing));
  timers.start("lease");
  clock.pass(5);
  timers.start("lease");
  clock.hold(20);
  clock.pass(0);
  assertEquals(fired.map((firing) => timers.take(firing)), [true]);
});

Deno.test("a timer is never asked for less than its time", () => {
  const asked: number[] = [];
  let now = 0.7;
  const clock = {
    now: () => now,
    after(ms: number, callback: () => void) {
      asked.push(ms);
      callbacks.push(callback);
      return () => {};
    },
  };
  const callbacks: (() => void)[] = [];
  const timers = createTimers(clock, () => 50, () => {});
  timers.start("election");
  now = 30.25;
  timers.start("election");
  now = 50.7;
  callbacks[0]!();
  assertEquals(asked, [50, 30]);
});

Deno.test("whoever begins to wait after the thread was held up has all of its time", () => {
  const clock = handClock();
  const over: Deadline[] = [];
  const deadlines = createDeadlines(clock, (deadline) => void over.push(deadline));
  const first = deadlines.join(1000);
  // The call that ends the time to join can't come meanwhile.
  clock.hold(900);
  const second = deadlines.join(1000);
  clock.pass(150);
  assertEquals(over, [first]);
  deadlines.leave(first);
  clock.pass(900);
  assertEquals(over, [first, second]);
  deadlines.leave(second);
  deadlines.stop();
  assertEquals(clock.calls(), 0);
});

Deno.test("many who begin to wait at about the same time share a deadline, and leave nothing on the clock", () => {
  const clock = handClock();
  const deadlines = createDeadlines(clock, () => {});
  const all = Array.from({ length: 100 }, () => deadlines.join(5000));
  assertEquals([new Set(all).size, clock.calls()], [1, 2]);
  for (const deadline of all) deadlines.leave(deadline);
  clock.pass(6);
  assertEquals(clock.calls(), 0);
});
