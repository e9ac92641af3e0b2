/** Visits, without a page. */
import { catalog } from "../../spec/catalog/mod.ts";
import { homeOf } from "../../spec/explorer/hash.ts";
import type { Address } from "../../spec/explorer/hash.ts";
import { openSession, type Session, shownRun } from "../../spec/explorer/session.ts";
import { openSubject } from "../../spec/explorer/subject.ts";
import { type Diagram, diagramOf } from "../../spec/explorer/page/diagram.ts";
import { raftDiskOf } from "../../spec/explorer/page/raft_cluster.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";

/** A visit at an address; what is left out is as at home. */
export async function visit(trace: string, address: Partial<Address> = {}): Promise<Session> {
  const opened = await openSubject({ ...homeOf("raft"), ...address }, {
    specs: catalog,
    loadCore: loadMutant,
  });
  return openSession(opened, trace, address);
}

/** The diagram of the run that a visit shows. */
export function drawn(session: Session, earlier: Diagram | null = null): Diagram {
  const { model, spec } = session.opened;
  const telling = spec.name === "raft" ? { diskOf: raftDiskOf(model) } : {};
  return diagramOf(model, shownRun(session), telling, earlier);
}
