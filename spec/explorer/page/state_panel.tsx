/** The state at the selected moment: as a cluster, as the spec draws it, or in a table. */
import { ownPicture } from "../own_picture.ts";
import { usePage } from "./context.ts";
import { RaftServers } from "./raft_servers.tsx";
import { RaftStage } from "./raft_stage.tsx";
import { Variables } from "./variables.tsx";

/** The state. */
export function StatePanel() {
  const { store } = usePage();
  const here = store.here.value;
  const session = store.session.value;
  if (here === null || session === null) return null;
  const { model, spec } = session.opened;
  const cluster = store.cluster.value;
  if (cluster !== null) {
    return (
      <section class="panel state-panel" aria-label="The cluster" id="state">
        <RaftStage cluster={cluster} before={store.clusterBefore.value} />
        <RaftServers cluster={cluster} before={store.clusterBefore.value} />
      </section>
    );
  }
  const picture = ownPicture(model, here.state);
  return (
    <section class="panel state-panel" aria-labelledby="state-title" id="state">
      <header>
        <h2 id="state-title">State</h2>
      </header>
      {picture?.type === "image" && (
        <img class="own" src={picture.url} alt={`${spec.name}, as it draws this state`} />
      )}
      {picture?.type === "problem" && (
        <p class="problem" role="alert">The spec went wrong as it drew this state: {picture.message}</p>
      )}
      <Variables model={model} here={here} />
    </section>
  );
}
