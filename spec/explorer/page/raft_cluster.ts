/** A state of a Raft cluster, as the page shows it: its servers, and what is in flight between them. */
import type { Message } from "../../../src/core/mod.ts";
import type { Model, State, Step } from "../../checker/model.ts";
import type { Host } from "../../raft/host.ts";
import type { DiskMark } from "./diagram.ts";
import { envelopeOf, messagesIn } from "./flights.ts";
import { type ServerPicture, serverPicture } from "./server_picture.ts";

/** A message in flight. */
export interface FlyingMessage {
  /** The message. */
  readonly message: Message;
  /** Its integer in the model. */
  readonly integer: number;
  /** How often it is in flight. */
  readonly copies: number;
}

/** A state of a cluster. */
export interface ClusterPicture {
  /** Each server, in order. */
  readonly servers: readonly ServerPicture[];
  /** What is in flight; what is there twice stands once. */
  readonly messages: readonly FlyingMessage[];
}

/** Hosts never change, so that each is looked at once. */
const pictures = new WeakMap<Host, ServerPicture>();

/** A state of the cluster of `spec/raft`. */
export function clusterPicture(model: Model, state: State): ClusterPicture {
  const integers = messagesIn(model, state);
  return {
    servers: model.servers.map((_, server) => pictureOf(hostAt(model, state, server))),
    messages: [...new Set(integers)].map((integer) => ({
      message: envelopeOf(model, integer) as Message,
      integer,
      copies: integers.filter((other) => other === integer).length,
    })),
  };
}

/** What a step does to the disk of the server where it happens. */
export function raftDiskOf(model: Model): (before: State, step: Step) => DiskMark {
  return (before, step) => {
    const server = model.servers.indexOf(step.servers.at(-1) ?? "");
    if (server < 0) return null;
    const [earlier, later] = [hostAt(model, before, server), hostAt(model, step.to, server)];
    if (later.restarts > earlier.restarts) return earlier.held.length > 0 ? "lost" : null;
    if (later.disk !== earlier.disk) return "written";
    return later.held.length > earlier.held.length ? "held" : null;
  };
}

function pictureOf(host: Host): ServerPicture {
  let picture = pictures.get(host);
  if (picture === undefined) pictures.set(host, picture = serverPicture(host));
  return picture;
}

function hostAt(model: Model, { vector }: State, server: number): Host {
  return model.places[server]!.values[vector[server]!] as Host;
}
