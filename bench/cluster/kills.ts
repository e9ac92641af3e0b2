/** How long a cluster is without a leader when that is killed. */
import { ask, type Cluster, kill, leaderOf, type Server, startCluster } from "./cluster.ts";
import { quorate } from "./contenders.ts";

const command = new Uint8Array(256);
const patienceMs = 20_000;

/** Kills the leader again and again. How many milliseconds each time until the next leader has committed something. */
export async function killLeaders(kills: number): Promise<readonly number[]> {
  await using cluster = await startCluster(quorate());
  const times: number[] = [];
  for (let count = 0; count < kills; count++) {
    const leader = await leaderOf(cluster);
    // All are there: after the kill two of three still are.
    await until(() => allFollow(cluster, leader));
    const killed = kill(leader.process);
    const start = performance.now();
    await until(() => committedElsewhere(cluster, leader));
    times.push(performance.now() - start);
    await killed;
    cluster.restart(leader);
  }
  return times;
}

/** Whether every server commits what it is asked to: followers hand it on to the leader, and apply it. */
async function allFollow({ servers }: Cluster, leader: Server): Promise<boolean> {
  const others = servers.filter((server) => server !== leader);
  return (await Promise.all(others.map((server) => ask(server, command, 1000)))).every((isGood) => isGood);
}

async function committedElsewhere({ servers }: Cluster, dead: Server): Promise<boolean> {
  for (const server of servers) {
    if (server === dead || !await ask(server, new Uint8Array(), 1000)) continue;
    return await ask(server, command, 1000);
  }
  return false;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`nothing is committed for ${patienceMs} ms`);
}
